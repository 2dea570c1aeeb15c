// cp.async: the bytes arrive when their group is waited for, not before, so a wait that is missing is a read of what nobody wrote, or of what was there before.
#pragma once
#include "shared.h"

class AsyncCopies
{
public:
    void add(void* to, const void* from, int bytes, bool valid);
    void commit();

    // Until at most so many of this thread's groups are under way.
    void wait(int allowed);

    // Behind a block, which got stuck or not.
    void finish(bool stuck);
};

extern AsyncCopies async_copies;

template <int Bytes = 16, class T> void copy_async(Shared<T> to, const T* from, bool valid = true)
{
    if (reinterpret_cast<size_t>(to.p) % Bytes != 0 || (valid && reinterpret_cast<size_t>(from) % Bytes != 0))
        findings.add("thread %d copies %d bytes between addresses that are no multiples of it", block.current, Bytes);
    async_copies.add(to.p, from, Bytes, valid);
}

inline void copy_async_commit() { async_copies.commit(); }
template <int Pending> void copy_async_wait() { async_copies.wait(Pending); }
