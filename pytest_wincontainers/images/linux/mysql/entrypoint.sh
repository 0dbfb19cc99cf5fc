#!/bin/sh
# Starts the server with the accounts that the environment names (the official MySQL image's names). Their passwords are
# in the environment or, unlike that, seen by nobody else, in a file that is deleted here.
set -eu

given=/srv/wincontainers/accounts
if [ -f $given ]; then
    . $given
    rm $given
fi

text() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/''/g"; }
name() { printf '%s' "$1" | sed -e 's/`/``/g'; }
# In a grant, _ and % in a database's name are wildcards unless escaped.
pattern() { name "$1" | sed -e 's/[_%]/\\&/g'; }

root=$(text "${MYSQL_ROOT_PASSWORD:-}")
database=${MYSQL_DATABASE:-}
user=$(text "${MYSQL_USER:-}")
password=$(text "${MYSQL_PASSWORD:-}")

# What the account may do already, by migrations in a snapshot, it may go on doing.
account() {
    printf "CREATE USER IF NOT EXISTS '%s'@'%s';\n" "$1" "$2"
    printf "ALTER USER '%s'@'%s' IDENTIFIED BY '%s';\n" "$1" "$2" "$3"
}

accounts() {
    # Made with the data folder, without a password, for the names that this machine has for itself.
    echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host NOT IN ('localhost', '%');"
    echo "FLUSH PRIVILEGES;"
    for host in localhost %; do
        account root "$host" "$root"
        printf "GRANT ALL ON *.* TO 'root'@'%s' WITH GRANT OPTION;\n" "$host"
    done
    if [ -n "$database" ]; then
        printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$(name "$database")"
    fi
    if [ -n "$user" ]; then
        account "$user" % "$password"
    fi
    if [ -n "$user" ] && [ -n "$database" ]; then
        printf "GRANT ALL ON \`%s\`.* TO '%s'@'%%';\n" "$(pattern "$database")" "$user"
    fi
}

if [ -n "$root" ]; then
    # /dev/shm is memory: the passwords are in no layer and no commit. The server reads the file before it
    # opens its port, so nobody meets it half set up.
    install -m 0600 -o mysql -g mysql /dev/null /dev/shm/accounts.sql
    accounts > /dev/shm/accounts.sql
    set -- --init-file=/dev/shm/accounts.sql "$@"
    touch /srv/mysql/.accounts
elif [ ! -e /srv/mysql/.accounts ]; then
    echo "MYSQL_ROOT_PASSWORD is not set" >&2
    exit 1
fi

set -- mariadbd ${MYSQL_BINARY_LOG:+--log-bin=wincontainers-log} "$@"
if [ -n "${MYSQL_GENERAL_LOG:-}" ]; then
    set -- "$@" --general-log --general-log-file=/dev/stdout
fi

# The server opens /dev/stdout itself, as mysql.
chown --dereference mysql /proc/self/fd/1 /proc/self/fd/2
unset MYSQL_ROOT_PASSWORD MYSQL_PASSWORD
exec setpriv --reuid=mysql --regid=mysql --init-groups "$@"
