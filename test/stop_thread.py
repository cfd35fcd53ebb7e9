"""Stops one thread of a process while it computes in llama.cpp, and keeps it so until the standard input ends.

Usage: stop_thread.py PID NAME, where NAME is how the thread's name begins. Linux on x86-64, by ptrace(2).
"""

import ctypes
import os
import platform
import sys
import threading
import time

GETREGS, SEIZE, INTERRUPT, CONT, WALL = 12, 0x4206, 0x4207, 7, 0x40000000
RIP = 16  # its place in struct user_regs_struct, which has 27 registers


def main(pid, name):
    if platform.machine() != "x86_64":
        sys.exit("knows x86-64 only")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request, tid, data=None):
        if libc.ptrace(request, tid, None, data) != 0:
            sys.exit("ptrace: " + os.strerror(ctypes.get_errno()))

    tid = next(int(t) for t in os.listdir(f"/proc/{pid}/task")
               if open(f"/proc/{pid}/task/{t}/comm").read().startswith(name))
    ptrace(SEIZE, tid)
    registers = (ctypes.c_ulonglong * 27)()
    while True:
        ptrace(INTERRUPT, tid)
        os.waitpid(tid, WALL)
        ptrace(GETREGS, tid, registers)
        if in_llama(pid, registers[RIP]):
            break
        ptrace(CONT, tid)
        time.sleep(0.001)
    threading.Thread(target=until_released, daemon=True).start()
    print("stopped", flush=True)
    # A process that ends is gone only when whoever holds one of its threads has seen that, too.
    os.waitpid(tid, WALL)


def until_released():
    sys.stdin.read()
    os._exit(0)


def in_llama(pid, address):
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            start, end = (int(x, 16) for x in line.split(" ", 1)[0].split("-"))
            if start <= address < end:
                return ".so" in line and ("ggml" in line or "llama" in line)
    return False


main(int(sys.argv[1]), sys.argv[2])
