// Fibers: the threads of a block, each on a stack of its own, one running at a time. x86-64 and the System V calling convention.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>

extern "C" void folio_switch_fiber(void** from, void* to);

// Saves what a call must keep, changes stacks, and returns on the other one.
asm(R"(
.text
.globl folio_switch_fiber
.type folio_switch_fiber, @function
folio_switch_fiber:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size folio_switch_fiber, .-folio_switch_fiber
)");

class FiberStack
{
public:
    static constexpr size_t bytes = 128 << 10;

    FiberStack()
        : memory(static_cast<char*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)))
    {
        if (memory == MAP_FAILED || mprotect(memory, 4096, PROT_NONE) != 0) abort(); // a thread that takes too much faults
    }

    FiberStack(FiberStack&& other) noexcept : memory(other.memory) { other.memory = nullptr; }
    FiberStack(const FiberStack&) = delete;
    ~FiberStack() { if (memory != nullptr) munmap(memory, bytes); }

    // The stack pointer from which a switch begins `entry`, which must not return. Stacks of different colours lie at different places of their pages: not all in the same few lines of the cache.
    void* begin(void (*entry)(), int colour) const
    {
        auto top = reinterpret_cast<void**>(memory + bytes - colour % 64 * 448);
        *--top = nullptr;                          // where entry would return to: keeps the stack aligned as after a call
        *--top = reinterpret_cast<void*>(entry);
        for (int saved = 0; saved < 6; saved++) *--top = nullptr;
        return top;
    }

private:
    char* memory;
};
