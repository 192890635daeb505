#!/bin/sh
# page.sh TEMPLATE OUT PROGRAM...: a manual page whose line @VERBS@ is what the program says of its options and verbs.
set -eu
template=$1
out=$2
shift 2
"$@" --help-mdoc >"$out.verbs"
sed -e "/^@VERBS@\$/{r $out.verbs" -e 'd' -e '}' "$template" >"$out.new"
rm "$out.verbs"
mv "$out.new" "$out"
