// Shared memory whose every byte remembers who wrote and read it, and when: reads of what nobody wrote, accesses outside a piece, and two threads at one byte
// with no barrier between them are findings.
#pragma once
#include "block.h"

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

class SharedMemory
{
public:
    void reset(uint32 size)
    {
        limit = size;
        size_t room = size + 128 * 64;
        if (bytes.size() < room) { bytes.resize(room, 0xFF); shadows.resize(room); }
        std::fill_n(bytes.begin(), used, 0xFF); // NaN in every floating-point format
        std::fill_n(shadows.begin(), used, Shadow{});
        used = 0;
        pieces.clear();
    }

    void read(const void* p, int size)
    {
        Shadow* shadow = find(p, size, "reads");
        if (shadow == nullptr) return;
        Moment now = Moment::now();
        for (int i = 0; i < size; i++)
        {
            if (!shadow[i].written && !shadow[i].reported) report(shadow[i], "thread %d reads byte %ld of shared memory, which nobody wrote", now.thread, offset(p) + i);
            if (now.races(shadow[i].write)) report(shadow[i], "threads %d (writes) and %d (reads) race for byte %ld of shared memory", shadow[i].write.thread, now.thread, offset(p) + i);
            if (shadow[i].reads[0].thread != now.thread) shadow[i].reads[1] = shadow[i].reads[0];
            shadow[i].reads[0] = now;
        }
    }

    void write(const void* p, int size)
    {
        Shadow* shadow = find(p, size, "writes");
        if (shadow == nullptr) return;
        Moment now = Moment::now();
        for (int i = 0; i < size; i++)
        {
            if (now.races(shadow[i].write)) report(shadow[i], "threads %d and %d both write byte %ld of shared memory", shadow[i].write.thread, now.thread, offset(p) + i);
            for (const Moment& read : shadow[i].reads)
                if (now.races(read)) report(shadow[i], "threads %d (reads) and %d (writes) race for byte %ld of shared memory", read.thread, now.thread, offset(p) + i);
            shadow[i].write = now;
            shadow[i].written = true;
            shadow[i].by_atomic = false;
        }
    }

    // A read and a write at once, which others like it may come before or after.
    void update(const void* p, int size)
    {
        Shadow* shadow = find(p, size, "updates");
        if (shadow == nullptr) return;
        Moment now = Moment::now();
        for (int i = 0; i < size; i++)
        {
            if (!shadow[i].written) report(shadow[i], "thread %d updates byte %ld of shared memory, which nobody wrote", now.thread, offset(p) + i);
            if (!shadow[i].by_atomic && now.races(shadow[i].write)) report(shadow[i], "threads %d (writes) and %d (updates) race for byte %ld of shared memory", shadow[i].write.thread, now.thread, offset(p) + i);
            for (const Moment& read : shadow[i].reads)
                if (now.races(read)) report(shadow[i], "threads %d (reads) and %d (updates) race for byte %ld of shared memory", read.thread, now.thread, offset(p) + i);
            shadow[i].write = now;
            shadow[i].by_atomic = true;
        }
    }

    bool holds(const void* p) const { return p >= bytes.data() && p < bytes.data() + bytes.size(); }

    // A piece at an offset that all threads agree on, with poisoned bytes behind it that belong to nobody.
    void* piece(uint32 taken, uint32 index, uint32 size)
    {
        if (taken + size > limit) { findings.add("the kernel takes %u bytes of shared memory, the launch gave %u", taken + size, limit); abort_piece = true; }
        size_t at = taken + static_cast<size_t>(index) * 128;
        if (at + size > bytes.size()) { bytes.resize(at + size + 128 * 64, 0xFF); shadows.resize(bytes.size()); }
        std::pair<size_t, uint32> piece{at, size};
        if (std::find(pieces.begin(), pieces.end(), piece) != pieces.end()) return bytes.data() + at; // another thread has taken it
        pieces.push_back(piece);
        for (uint32 i = 0; i < size; i++) shadows[at + i].owned = true;
        used = std::max(used, at + size);
        return bytes.data() + at;
    }

    bool abort_piece = false;

private:
    struct Shadow
    {
        Moment write, reads[2];   // the last two readers: enough to find a race in one of the orders that tests run
        bool written = false, owned = false, reported = false, by_atomic = false;
    };

    long offset(const void* p) const { return static_cast<const uint8*>(p) - bytes.data(); }

    Shadow* find(const void* p, int size, const char* what)
    {
        long at = offset(p);
        if (at >= 0 && at + size <= static_cast<long>(bytes.size()) && shadows[at].owned && shadows[at + size - 1].owned) return &shadows[at];
        findings.add("thread %d %s %d bytes outside its piece of shared memory (at %ld)", block.current, what, size, at);
        return nullptr;
    }

    template <class... Values> void report(Shadow& shadow, const char* format, Values... values)
    {
        if (shadow.reported) return;
        shadow.reported = true;
        findings.add(format, values...);
    }

    uint32 limit = 0;
    size_t used = 0;                                // the end of what the block has taken by now
    std::vector<std::pair<size_t, uint32>> pieces;  // offsets and sizes
    std::vector<uint8> bytes;
    std::vector<Shadow> shadows;
};

inline SharedMemory shared_memory;

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
