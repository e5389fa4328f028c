# Runs a throw-away PostgreSQL server for tests.
#
#   sh cluster.sh BIN DIR
#
# BIN holds initdb and pg_ctl; DIR is an empty folder of the calling user, who must not be
# root. Prints one line, "ready" or "failed" (DIR/log says why), and serves on the socket
# DIR/.s.PGSQL.5432 for the user postgres, without a password: DIR lets nobody else in.
#
# When standard input ends, it stops the server and removes DIR. Whoever started it holds
# the other end of that pipe, so that the server goes when he goes, even by kill -9.
#
# fsync, full_page_writes and synchronous_commit stay on, because the tests are about
# durability too, and text is sorted by language, not by byte, because most installations
# do (initdb can without that language on the machine from version 15 on). What is
# switched off, replication and JIT compilation, does not change results.
trap '' PIPE INT HUP TERM
bin=$1
dir=$2
cd "$dir" || exit 1
order="--locale=C"
version=$("$bin/initdb" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$version" -ge 15 ]; then
	order="--locale=C --locale-provider=icu --icu-locale=en-US"
fi
# shellcheck disable=SC2086 # the words of $order are separate options
if "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 $order >"$dir/log" 2>&1 &&
	cat >>"$dir/data/postgresql.conf" <<END &&
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 300
shared_buffers = 32MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 1h
jit = off
END
	"$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --timeout=60 start >/dev/null 2>&1; then
	echo ready
else
	echo failed
fi
# shellcheck disable=SC2034 # nothing is read; read returns when the input ends
read -r nothing
"$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate stop >/dev/null 2>&1
rm -rf "$dir"
