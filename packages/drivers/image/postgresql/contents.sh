# What is in the image beside the tools of every image: see collect.sh.
server=/usr/lib/postgresql/$PG_MAJOR
# Before /usr/bin, where scripts of the same names look for a cluster first.
PATH=$server/bin:$PATH
# `locale` tells initdb which collations the system has.
programs+=(locale $(ls "$server/bin"))
# Compiled statements need LLVM, which is larger than all the rest: without its module PostgreSQL goes on without.
files+=($(find "$server/lib" -name '*.so' ! -name 'llvmjit*'))
trees+=("/usr/share/postgresql/$PG_MAJOR" /var/lib/postgresql /run/postgresql)
