#!/bin/sh
# As many images have one: it prepares the environment and gives way to the command.
set -eu

GREETING="hello from the entry point"
export GREETING
exec "$@"
