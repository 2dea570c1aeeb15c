#include "shared.h"
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

SharedMemory shared_memory;

namespace
{

// When a thread did something: two moments are in order if a barrier lies between, of the block or, for lanes of one warp, of the warp.
struct Moment
{
    uint32 interval = 0, warp_interval = 0;
    int thread = -1;

    static Moment now() { return {block.interval, block.warp_intervals[block.current / warp_size], block.current}; }

    bool races(const Moment& earlier) const
    {
        if (earlier.thread < 0 || earlier.thread == thread || earlier.interval != interval) return false;
        return earlier.thread / warp_size != thread / warp_size || earlier.warp_interval == warp_interval;
    }
};

struct Shadow
{
    Moment write, reads[2];   // the last two readers: enough to find a race in one of the orders that tests run
    uint32 fences = 0;        // of its writer, when it wrote
    bool written = false, owned = false, reported = false, by_atomic = false;
};

uint32 limit = 0;
size_t used = 0;                                // the end of what the block has taken by now
std::vector<std::pair<size_t, uint32>> pieces;  // offsets and sizes
std::vector<uint8> bytes;
std::vector<Shadow> shadows;
uint32 fences[most_threads_of_block];           // between a thread's writes and products' reads

constexpr uint32 gap = 1024;   // between pieces: as much as any layout of them is aligned by
constexpr size_t room_of_gaps = gap * 64;

long offset(const void* p) { return static_cast<const uint8*>(p) - bytes.data(); }

Shadow* find(const void* p, int size, const char* what)
{
    long at = offset(p);
    if (at >= 0 && at + size <= static_cast<long>(bytes.size()) && shadows[at].owned && shadows[at + size - 1].owned) return &shadows[at];
    findings.add("thread %d %s %d bytes outside its piece of shared memory (at %ld)", block.current, what, size, at);
    return nullptr;
}

// Whether this is the first that is told of a byte.
bool reports(Shadow& shadow)
{
    bool first = !shadow.reported;
    shadow.reported = true;
    return first;
}

void report_race(Shadow& shadow, const Moment& earlier, const char* what, const Moment& now, const char* does, long at)
{
    if (now.races(earlier) && reports(shadow)) findings.add("threads %d (%s) and %d (%s) race for byte %ld of shared memory", earlier.thread, what, now.thread, does, at);
}

void report_unwritten(Shadow& shadow, int thread, const char* does, long at)
{
    if (!shadow.written && reports(shadow)) findings.add("thread %d %s byte %ld of shared memory, which nobody wrote", thread, does, at);
}

}

void SharedMemory::reset(uint32 size)
{
    limit = size;
    size_t room = size + room_of_gaps;
    if (bytes.size() < room)
    {
        bytes.resize(room, 0xFF);
        shadows.resize(room);
    }

    std::fill_n(bytes.begin(), used, 0xFF); // NaN in every floating-point format
    std::fill_n(shadows.begin(), used, Shadow{});
    used = 0;
    pieces.clear();
    std::fill(std::begin(fences), std::end(fences), 0);
}

void SharedMemory::read(const void* p, int size)
{
    Shadow* shadow = find(p, size, "reads");
    if (shadow == nullptr) return;
    Moment now = Moment::now();
    for (int i = 0; i < size; i++, shadow++)
    {
        report_unwritten(*shadow, now.thread, "reads", offset(p) + i);
        report_race(*shadow, shadow->write, "writes", now, "reads", offset(p) + i);
        if (shadow->reads[0].thread != now.thread) shadow->reads[1] = shadow->reads[0];
        shadow->reads[0] = now;
    }
}

void SharedMemory::write(const void* p, int size)
{
    Shadow* shadow = find(p, size, "writes");
    if (shadow == nullptr) return;
    Moment now = Moment::now();
    for (int i = 0; i < size; i++, shadow++)
    {
        report_race(*shadow, shadow->write, "writes", now, "writes", offset(p) + i);
        for (const Moment& read : shadow->reads) report_race(*shadow, read, "reads", now, "writes", offset(p) + i);
        shadow->write = now;
        shadow->fences = fences[now.thread];
        shadow->written = true;
        shadow->by_atomic = false;
    }
}

void SharedMemory::update(const void* p, int size)
{
    Shadow* shadow = find(p, size, "updates");
    if (shadow == nullptr) return;
    Moment now = Moment::now();
    for (int i = 0; i < size; i++, shadow++)
    {
        report_unwritten(*shadow, now.thread, "updates", offset(p) + i);
        if (!shadow->by_atomic) report_race(*shadow, shadow->write, "writes", now, "updates", offset(p) + i);
        for (const Moment& read : shadow->reads) report_race(*shadow, read, "reads", now, "updates", offset(p) + i);
        shadow->write = now;
        shadow->by_atomic = true;
    }
}

uint32 SharedMemory::address(const void* p) const { return static_cast<uint32>(offset(p)); }

const void* SharedMemory::read_by_proxy(uint32 address, int size)
{
    const uint8* p = bytes.data() + address;
    if (find(p, size, "reads") == nullptr) return nullptr;
    read(p, size);
    for (int i = 0; i < size; i++)
    {
        Shadow& shadow = shadows[address + i];
        if (shadow.written && fences[shadow.write.thread] == shadow.fences && reports(shadow)) findings.add("byte %u of shared memory is read by a product; thread %d wrote it and made no fence", address + i, shadow.write.thread);
    }

    return p;
}

void SharedMemory::fence_proxy() { fences[block.current]++; }

void* SharedMemory::piece(uint32 taken, uint32 index, uint32 size)
{
    if (taken + size > limit) findings.add("the kernel takes %u bytes of shared memory, the launch gave %u", taken + size, limit);
    size_t at = taken + static_cast<size_t>(index) * gap;
    if (at + size > bytes.size())
    {
        bytes.resize(at + size + room_of_gaps, 0xFF);
        shadows.resize(bytes.size());
    }

    std::pair<size_t, uint32> piece{at, size};
    if (std::find(pieces.begin(), pieces.end(), piece) != pieces.end()) return bytes.data() + at; // another thread has taken it
    pieces.push_back(piece);
    for (uint32 i = 0; i < size; i++) shadows[at + i].owned = true;
    used = std::max(used, at + size);
    return bytes.data() + at;
}
