# What is in the image beside the tools of every image: see collect.sh.
programs+=(mysqld mysql mysqladmin mysqldump mysqlbinlog mysqlcheck mysql_tzinfo_to_sql my_print_defaults)
# Ways to log in elsewhere and to report elsewhere: a server needs none of them, and they are half of the folder.
files+=($(find /usr/lib/mysql/plugin -name '*.so' | grep -vE 'authentication_.*_client|telemetry|mecab'))
trees+=(/usr/share/mysql /etc/my.cnf /etc/mysql /usr/local/share/data-template /var/lib/mysql /var/lib/mysql-files /run/mysqld)
