#include "copies.h"
#include <algorithm>
#include <vector>

AsyncCopies async_copies;

namespace
{

struct AsyncCopy { void* to; const void* from; int bytes; bool valid; int group; };

std::vector<std::vector<AsyncCopy>> pending; // [threads]
std::vector<int> committed;                  // [threads] groups

void fit()
{
    if (static_cast<int>(pending.size()) >= block.count) return;
    pending.resize(block.count);
    committed.resize(block.count, 0);
}

}

void AsyncCopies::add(void* to, const void* from, int bytes, bool valid)
{
    fit();
    pending[block.current].push_back({to, from, bytes, valid, committed[block.current]});
}

void AsyncCopies::commit()
{
    fit();
    committed[block.current]++;
}

void AsyncCopies::wait(int allowed)
{
    fit();
    auto& own = pending[block.current];
    int last = committed[block.current] - allowed; // groups before this have arrived
    for (AsyncCopy& copy : own)
    {
        if (copy.group >= last) continue;
        shared_memory.write(copy.to, copy.bytes);
        if (copy.valid) memcpy(copy.to, copy.from, copy.bytes);
        else memset(copy.to, 0, copy.bytes);
    }

    own.erase(std::remove_if(own.begin(), own.end(), [last](const AsyncCopy& copy) { return copy.group < last; }), own.end());
}

void AsyncCopies::finish(bool stuck)
{
    for (size_t i = 0; i < pending.size() && !stuck; i++)
    {
        if (pending[i].empty()) continue;
        findings.add("thread %zu ends with copies under way that it never waited for", i);
        break;
    }

    pending.clear();
    committed.clear();
}
