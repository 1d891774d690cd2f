#!/bin/sh
# Make the system tables at the first start, then become the server. Arguments go to both.
# A half-finished first start leaves no marker, so the next start begins again.
set -eu
data=/data/mysql
sql=/usr/share/mariadb
if [ ! -e "$data/.complete" ]; then
    rm -rf "$data"
    mkdir -p "$data"
    {
        # one statement a line: that is how the server reads in this mode
        echo "CREATE DATABASE IF NOT EXISTS mysql;"
        echo "USE mysql;"
        echo "SET @auth_root_socket = 'faultcast';"
        cat "$sql/mariadb_system_tables.sql" "$sql/mariadb_performance_tables.sql" \
            "$sql/mariadb_system_tables_data.sql" "$sql/maria_add_gis_sp_bootstrap.sql" "$sql/mariadb_sys_schema.sql"
    } | mariadbd --no-defaults --datadir="$data" --tmpdir=/tmp "$@" --bootstrap
    : >"$data/.complete"
fi
exec mariadbd --no-defaults --datadir="$data" --tmpdir=/tmp --init-file=/etc/faultcast/init.sql "$@"
