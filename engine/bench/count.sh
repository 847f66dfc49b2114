#!/bin/sh
# Instructions of a whole token (embedding, cell, logits, sampling), counted exactly under QEMU.
#   engine/bench/count.sh riscv|xtensa [-DDIM=64] [-DTYPE=1 t2, 2 b3] [-DKERNEL=0] [-DBUDGET=16384] …
# PROGRAM=compare: the matrix products alone, by the engine's and by plain kernels (compare.c).
# Debian: gcc-riscv64-unknown-elf gcc-xtensa-lx106 qemu-system-misc
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
machine=$1
shift
elf=$(mktemp)
trap 'rm -f "$elf"' EXIT
common="-std=c99 ${OPTIMIZE:--O3} -ffreestanding -fno-tree-loop-distribute-patterns -nostdlib -nostartfiles -I$here/include"
files="$here/bench/${PROGRAM:-count}.c $here/test/make_blob.c $here/src/*.c"
case $machine in
  riscv)
    # shellcheck disable=SC2086
    riscv64-unknown-elf-gcc $common -march=rv32imc_zicsr -mabi=ilp32 -Wl,--no-warn-rwx-segments -T "$here/bench/riscv.ld" \
      "$@" "$here/bench/riscv.c" $files -lgcc -o "$elf"
    qemu-system-riscv32 -M virt -nographic -bios none -icount shift=0 -kernel "$elf" </dev/null
    ;;
  xtensa)
    # shellcheck disable=SC2086
    xtensa-lx106-elf-gcc $common -mlongcalls -mtext-section-literals -Wl,--no-warn-rwx-segments -T "$here/bench/xtensa.ld" \
      "$@" "$here/bench/xtensa.c" $files -lgcc -o "$elf"
    qemu-system-xtensa -M sim -cpu lx106 -semihosting -display none -monitor none -serial none \
      -icount shift=5,sleep=off -kernel "$elf" </dev/null
    ;;
  *)
    echo "usage: $0 riscv|xtensa [-D…]" >&2
    exit 2
    ;;
esac
