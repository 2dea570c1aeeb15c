// Shared memory whose every byte remembers who wrote and read it, and when: reads of what nobody wrote, accesses outside a piece, and two threads at one byte
// with no barrier between them are findings.
#pragma once
#include "block.h"

class SharedMemory
{
public:
    // For a new block: poison, and nobody's.
    void reset(uint32 size);

    void read(const void* p, int size);
    void write(const void* p, int size);

    // A read and a write at once, which others like it may come before or after.
    void update(const void* p, int size);

    // Where products of a warpgroup find it, from the beginning of shared memory on.
    uint32 address(const void* p) const;

    // What a product reads, or null. It sees what other threads wrote only if these have fenced it since.
    const void* read_by_proxy(uint32 address, int size);
    void fence_proxy();

    // A piece at an offset that all threads agree on, with poisoned bytes behind it that belong to nobody.
    void* piece(uint32 taken, uint32 index, uint32 size);
};

extern SharedMemory shared_memory;

// A value in shared memory: reading and writing it is noticed.
template <class T> class SharedValue
{
public:
    explicit SharedValue(T* p) : p(p) {}
    operator T() const { shared_memory.read(p, sizeof(T)); return *p; }
    SharedValue& operator=(T value) { shared_memory.write(p, sizeof(T)); *p = value; return *this; }
    SharedValue& operator=(const SharedValue& other) { return *this = static_cast<T>(other); }
    SharedValue& operator+=(T value) { return *this = static_cast<T>(*this) + value; }
    SharedValue& operator*=(T value) { return *this = static_cast<T>(*this) * value; }

private:
    T* p;
};

template <class T> struct Shared
{
    T* p = nullptr;
    SharedValue<T> operator[](long i) const { return SharedValue<T>(p + i); }
    SharedValue<T> operator*() const { return SharedValue<T>(p); }
    Shared operator+(long i) const { return {p + i}; }
    Shared& operator+=(long i) { p += i; return *this; }
};

struct SharedArena
{
    uint32 taken = 0, pieces = 0;

    template <class T> Shared<T> take(int count)
    {
        uint32 size = static_cast<uint32>(count * sizeof(T));
        void* piece = shared_memory.piece(taken, pieces++, size);
        taken += (size + 127) & ~127u;
        return {static_cast<T*>(piece)};
    }
};
