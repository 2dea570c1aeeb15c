// cp.async: the bytes arrive when their group is waited for, not before, so a wait that is missing is a read of what nobody wrote, or of what was there before.
#pragma once

struct AsyncCopy { void* to; const void* from; bool valid; int group; };

class AsyncCopies
{
public:
    void add(void* to, const void* from, bool valid)
    {
        fit();
        pending[block.current].push_back({to, from, valid, committed[block.current]});
    }

    void commit() { fit(); committed[block.current]++; }

    void wait(int allowed)
    {
        fit();
        auto& own = pending[block.current];
        int last = committed[block.current] - allowed; // groups before this have arrived
        for (AsyncCopy& copy : own)
        {
            if (copy.group >= last) continue;
            shared_memory.write(copy.to, 16);
            if (copy.valid) memcpy(copy.to, copy.from, 16);
            else memset(copy.to, 0, 16);
        }

        own.erase(std::remove_if(own.begin(), own.end(), [last](const AsyncCopy& copy) { return copy.group < last; }), own.end());
    }

    void finish(bool stuck)
    {
        for (size_t i = 0; i < pending.size() && !stuck; i++)
            if (!pending[i].empty()) { findings.add("thread %zu ends with copies under way that it never waited for", i); break; }
        pending.clear();
        committed.clear();
    }

private:
    void fit()
    {
        if (static_cast<int>(pending.size()) < block.count) { pending.resize(block.count); committed.resize(block.count, 0); }
    }

    std::vector<std::vector<AsyncCopy>> pending; // [threads]
    std::vector<int> committed;                  // [threads] groups
};

inline AsyncCopies async_copies;

template <class T> void copy_async(Shared<T> to, const T* from, bool valid = true)
{
    if (reinterpret_cast<size_t>(to.p) % 16 != 0 || (valid && reinterpret_cast<size_t>(from) % 16 != 0))
        findings.add("thread %d copies 16 bytes between addresses that are no multiples of it", block.current);
    async_copies.add(to.p, from, valid);
}

inline void copy_async_commit() { async_copies.commit(); }
template <int Pending> void copy_async_wait() { async_copies.wait(Pending); }
inline void finish_copies(bool stuck) { async_copies.finish(stuck); }
