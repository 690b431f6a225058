# A nonet-controlplane for a benchmark; sourced by bench/*/run, which has bin, pid and die.

# start_controlplane DIRECTORY FLAG...: sets grpc to its address, token to the flag that loads need, and
# started_ms to how long it took until it was ready.
start_controlplane() {
  local directory=$1 began i
  shift
  began=$(date +%s%N)
  "$bin/nonet-controlplane" --dir="$directory" --grpc_port=0 --admin_port=0 --provisioning_timeout=1h "$@" \
    >"$directory.out" 2>"$directory.log" </dev/null &
  pid[$directory]=$!
  for ((i = 0; i < 6000; i++)); do
    grep -q '^ready' "$directory.out" 2>/dev/null && break
    kill -0 "${pid[$directory]}" 2>/dev/null || die "nonet-controlplane ended: $(tail -n 3 "$directory.log")"
    sleep 0.005
  done
  started_ms=$((($(date +%s%N) - began) / 1000000))
  grpc=$(sed -n 's/^ready.*grpc=\([^ ]*\).*/\1/p' "$directory.out")
  [ -n "$grpc" ] || die "nonet-controlplane is not ready: $(cat "$directory.out")"
  token=()
  if [ -f "$directory/token" ]; then token=(--token_file="$directory/token"); fi
}
