#!/usr/bin/env bash
# The checks of tools/checks must go red on an offender, and stay green without one.
#   usage: house_rules_test.sh CHECKS C++-COMPILER
set -uo pipefail
checks=$1 cxx=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failures=0

expect() {  # expect green|red WHAT COMMAND...
  local want=$1 what=$2 got=green
  shift 2
  "$@" >"$root/output" 2>&1 || got=red
  [ "$got" = "$want" ] && return
  echo "FAILED: $what: expected $want, was $got" >&2
  cat "$root/output" >&2
  failures=1
}

tree() {  # A small, clean copy of the house.
  rm -rf "$root/tree"
  mkdir -p "$root"/tree/{controlplane,replica,dnsresolver}/{core,codec,server} "$root"/tree/common/{base,regions,real} \
    "$root"/tree/{tools/supervisor,bench,tests/integration}
  echo '#include <vector>' >"$root/tree/dnsresolver/core/clean.h"
  echo '#include <grpcpp/grpcpp.h>' >"$root/tree/dnsresolver/server/shell.cc"
}

include_red() {  # include_red FILE LINE
  tree
  echo "$2" >"$root/tree/$1"
  expect red "'$2' in $1" "$checks/includes" "$root/tree"
}

tree
expect green "a clean tree" "$checks/includes" "$root/tree"
include_red dnsresolver/core/a.h '#include <grpcpp/grpcpp.h>'
include_red replica/codec/a.cc '#include <boost/asio.hpp>'
include_red controlplane/core/a.cc '#include <rocksdb/db.h>'
include_red replica/core/a.cc '#include <thread>'
include_red common/base/a.h '#include <chrono>'
include_red common/regions/a.cc '#include <fstream>'
include_red dnsresolver/core/a.cc '#include "absl/synchronization/mutex.h"'
include_red replica/server/a.cc '#include "controlplane/core/x.h"'
include_red dnsresolver/server/a.cc '#include "replica/core/x.h"'
include_red controlplane/server/a.cc '#include "tools/supervisor/x.h"'
include_red common/base/a.cc '#include "replica/core/x.h"'
include_red bench/a.cc '#include "replica/server/x.h"'
include_red tests/integration/a.cc '#include "controlplane/core/x.h"'
include_red replica/server/a.cc 'auto now = absl::Now();'
include_red tools/supervisor/a.cc 'std::this_thread::sleep_for(x);'
tree
echo 'auto now = absl::Now();' >"$root/tree/common/real/clock.cc"
expect green "a clock in common/real" "$checks/includes" "$root/tree"

archive() {  # archive SOURCE: compiles it into an archive.
  printf '%s\n' "$1" >"$root/a.cc"
  rm -f "$root/a.a"
  "$cxx" -std=c++20 -O1 -c "$root/a.cc" -o "$root/a.o" && ar rc "$root/a.a" "$root/a.o"
}

archive '#include <vector>
int f(std::vector<int>& v) { v.push_back(1); return v[0]; }' || failures=1
expect green "symbols of a pure object" "$checks/pure-symbols" "$root/a.a"

# One object with every sin, so that one compile is enough: each must be named.
archive '#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <chrono>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>
long a() { timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec; }
long b() { return std::chrono::system_clock::now().time_since_epoch().count(); }
char* c() { return getenv("HOME"); }
void* d() { return fopen("x", "r"); }
unsigned e() { return std::random_device()(); }
void f() { std::cout << 1; }
void g() { std::thread([] {}).join(); }
int h() { return socket(1, 2, 3); }
int i() { std::ifstream in("x"); return in.get(); }' || failures=1
expect red "symbols of an impure object" "$checks/pure-symbols" "$root/a.a"
for symbol in clock_gettime system_clock::now getenv fopen random_device std::cout std::thread socket basic_ifstream; do
  grep -q "$symbol" "$root/output" || { echo "FAILED: $symbol was not refused" >&2; failures=1; }
done

[ $failures = 0 ] && echo "all checks behave"
exit $failures
