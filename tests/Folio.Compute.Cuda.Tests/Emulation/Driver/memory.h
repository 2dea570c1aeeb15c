// The card's memory and the host's pinned memory: every allocation has pages of its own, poisoned, with guard bytes on both sides and pages beyond that nobody may touch.
// Addresses are never given twice, so what reaches freed memory faults too.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <sys/mman.h>

using uint8 = unsigned char;

struct Memory
{
    uint8* data;
    size_t bytes;
    bool pinned;      // the host's
    uint8* pages;     // what data lies in: [no access, guard, data, guard, no access]
    size_t page_bytes;
    bool freed;

    std::string name() const { return std::to_string(bytes) + " bytes of " + (pinned ? "pinned memory" : "the card's memory") + (freed ? ", which were freed" : ""); }
};

class Memories
{
public:
    // At a multiple of 256 bytes, as a card's; the end is as near to the end of the pages. Null: the machine has no more.
    void* take(size_t bytes, bool pinned)
    {
        size_t behind = (bytes + 255) / 256 * 256, inner = (guard_bytes + behind + page - 1) / page * page, all = inner + 2 * forbidden;
        void* pages = mmap(nullptr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) return nullptr;
        uint8* first = static_cast<uint8*>(pages) + forbidden;
        if (mprotect(first, inner, PROT_READ | PROT_WRITE) != 0)
        {
            munmap(pages, all);
            return nullptr;
        }

        Memory memory{first + inner - behind, bytes, pinned, static_cast<uint8*>(pages), all, false};
        fill_guard(memory.data - guard_bytes, memory.data);
        fill_guard(memory.data + bytes, first + inner);
        memset(memory.data, 0xFF, std::min(bytes, most_poisoned)); // NaN in every floating-point format
        known[memory.data] = memory;
        if (!pinned) taken += bytes;
        return memory.data;
    }

    // The allocation that begins here, or null.
    const Memory* at(const void* address) const
    {
        const Memory* memory = holding(address);
        return memory != nullptr && memory->data == address ? memory : nullptr;
    }

    void give_back(const Memory& memory)
    {
        Memory& own = known.at(memory.data);
        if (!own.pinned) taken -= own.bytes;
        own.freed = true;
        mmap(own.pages, own.page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    }

    void give_back_all()
    {
        for (auto& entry : known)
            if (!entry.second.freed) give_back(entry.second);
    }

    // The allocation that an address lies in, or null.
    const Memory* holding(const void* address) const
    {
        const Memory* memory = nearest(address);
        return memory != nullptr && !memory->freed && address >= memory->data && address < memory->data + memory->bytes ? memory : nullptr;
    }

    // Whether all of a range lies in one allocation.
    bool holds(const void* address, size_t bytes) const
    {
        const Memory* memory = holding(address);
        return memory != nullptr && bytes <= memory->bytes - (static_cast<const uint8*>(address) - memory->data);
    }

    // Where an address is that nobody may touch.
    std::string place(const void* address) const
    {
        const Memory* memory = nearest(address);
        return memory == nullptr ? "an address that is in no memory" : place(*memory, static_cast<const uint8*>(address));
    }

    // Empty if the guards are what they were.
    static std::string broken_guard(const Memory& memory)
    {
        const uint8* p = first_difference(memory.data - guard_bytes, memory.data);
        if (p == nullptr) p = first_difference(memory.data + memory.bytes, memory.pages + memory.page_bytes - forbidden);
        return p == nullptr ? "" : place(memory, p);
    }

    std::string broken_guard() const
    {
        std::string broken;
        for (auto entry = known.begin(); entry != known.end() && broken.empty(); entry++)
            if (!entry->second.freed) broken = broken_guard(entry->second);
        return broken;
    }

    size_t taken = 0;   // bytes of the card's

private:
    static constexpr size_t page = 4096, guard_bytes = 256, forbidden = 1 << 20;

    // Where only the first bytes would ever be touched, more poison would only cost the machine's memory.
    static constexpr size_t most_poisoned = 64 << 20;

    static std::string place(const Memory& memory, const uint8* p)
    {
        const uint8* end = memory.data + memory.bytes;
        if (p < memory.data) return std::to_string(memory.data - p) + " bytes before " + memory.name();
        if (p < end) return "byte " + std::to_string(p - memory.data) + " of " + memory.name();
        return std::to_string(p - end) + " bytes behind the end of " + memory.name();
    }

    // The allocation whose pages an address lies in, or null.
    const Memory* nearest(const void* address) const
    {
        auto p = static_cast<const uint8*>(address);
        auto next = known.upper_bound(p);
        if (next != known.end() && p >= next->second.pages) return &next->second;
        if (next == known.begin()) return nullptr;
        const Memory& before = std::prev(next)->second;
        return p < before.pages + before.page_bytes ? &before : nullptr;
    }

    // FE FF: a NaN to those who read it as numbers of 16, 32 or 64 bits, and no value that is likely to be written.
    static uint8 guard_at(const uint8* p) { return reinterpret_cast<uintptr_t>(p) % 2 == 0 ? 0xFE : 0xFF; }

    static void fill_guard(uint8* from, uint8* to)
    {
        for (; from < to; from++) *from = guard_at(from);
    }

    static const uint8* first_difference(const uint8* from, const uint8* to)
    {
        for (; from < to && reinterpret_cast<uintptr_t>(from) % 8 != 0; from++)
            if (*from != guard_at(from)) return from;
        for (uint64_t eight; from + 8 <= to; from += 8)
        {
            memcpy(&eight, from, 8);
            if (eight != 0xFFFEFFFEFFFEFFFEu) break;
        }

        for (; from < to; from++)
            if (*from != guard_at(from)) return from;
        return nullptr;
    }

    std::map<const uint8*, Memory> known;   // by address, freed ones too
};
