# What is in the image beside the tools of every image: see collect.sh.
# mariadb-install-db asks for the rest, and mariadb-upgrade for mariadb-check.
programs+=(mariadbd mysqld mariadb mariadb-admin mariadb-dump mariadb-binlog mariadb-check mariadb-upgrade mariadb-install-db
  my_print_defaults)
# Of the server, and of a client or a replica. Through PAM nobody can log in: there is no configuration of it here.
files+=($(find /usr/lib/mysql/plugin /usr/lib/*/libmariadb3/plugin -name '*.so' ! -name 'auth_pam*'))
trees+=(/usr/share/m{ysql,ariadb}* /etc/mysql /usr/local/share/{data-template,time-zones.sql.zst} /var/lib/mysql /run/mysqld)
