// What the driver's calls have in common.
#pragma once
#include "card.h"
#include "faults.h"

#define CALL extern "C" __attribute__((visibility("default"))) int

inline thread_local size_t current_context = 0;

inline int environment(const char* name, int other)
{
    const char* value = getenv(name);
    return value != nullptr && *value != 0 ? atoi(value) : other;
}

inline int capability() { return environment("FOLIO_EMULATED_CAPABILITY", 90); }

inline int not_emulated(const std::string& what)
{
    fprintf(stderr, "emulated card: %s is not emulated\n", what.c_str());
    return ERROR_NOT_SUPPORTED;
}

// A call into the one context: alone, and refused where a card's driver would refuse it.
class Call
{
public:
    Call() : lock(card.mutex)
    {
        if (!card.initialized) status = ERROR_NOT_INITIALIZED;
        else if (current_context == 0) status = ERROR_INVALID_CONTEXT;
        else if (card.references == 0 || current_context != card.generation) status = ERROR_CONTEXT_IS_DESTROYED;
        else status = card.status;
    }

    template <class T> std::shared_ptr<T> find(const Handles<T>& handles, void* handle)
    {
        if (status != SUCCESS) return nullptr;
        auto found = handles.find(handle);
        if (found != handles.end()) return found->second;
        status = ERROR_INVALID_HANDLE;
        return nullptr;
    }

    std::shared_ptr<Stream> stream(void* handle)
    {
        if (status != SUCCESS) return nullptr;
        return handle == nullptr ? card.default_stream : find(card.streams, handle);
    }

    bool refused() const { return status != SUCCESS; }

    // For calls that a capture forbids, on whatever stream it is.
    bool refused_in_capture()
    {
        if (refused()) return true;
        for (auto& capture : card.captures)
        {
            if (!capture->forbids_unsafe_calls()) continue;
            capture->invalid = true;
            status = ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }

        return refused();
    }

    int status;

private:
    std::lock_guard<std::mutex> lock;
};

// ---- Copies ----

// Graphs may outlive the memory that they name.
inline bool reaches(const void* address, size_t bytes)
{
    if (card.memories.holds(address, bytes)) return true;
    card.fail("a copy or memset of " + std::to_string(bytes) + " bytes reaches memory that was freed");
    return false;
}

inline void move(void* to, const void* from, size_t bytes)
{
    if (reaches(to, bytes)) memmove(to, from, bytes);
}

inline int copy(const std::shared_ptr<Stream>& stream, void* to, const void* from, size_t bytes)
{
    for (const void* end : {static_cast<const void*>(to), from})
        if (card.memories.holding(end) != nullptr && !card.memories.holds(end, bytes)) return ERROR_INVALID_VALUE;
    bool to_known = card.memories.holding(to) != nullptr, from_known = card.memories.holding(from) != nullptr;
    return card.enqueue(stream, [=]
    {
        if ((!to_known || reaches(to, bytes)) && (!from_known || reaches(from, bytes))) memmove(to, from, bytes);
    });
}

// ---- Kernels ----

// A kernel takes one struct. Null: it isn't given one of the right size.
inline const uint8* find_arguments(const Function& function, void** parameters, void** extra)
{
    if (parameters != nullptr) return static_cast<const uint8*>(parameters[0]);
    const uint8* buffer = nullptr;
    size_t bytes = 0;
    for (; extra != nullptr && *extra != nullptr; extra += 2)
    {
        if (reinterpret_cast<size_t>(extra[0]) == 1) buffer = static_cast<const uint8*>(extra[1]);
        if (reinterpret_cast<size_t>(extra[0]) == 2) bytes = *static_cast<const size_t*>(extra[1]);
    }

    return bytes == function.argument_bytes ? buffer : nullptr;
}

// Buffers that a kernel was given are looked at behind it; all others when somebody waits.
inline void check_guards_of(const Function& function, const std::vector<uint8>& arguments)
{
    for (size_t at = 0; at + sizeof(void*) <= arguments.size(); at += sizeof(void*))
    {
        const void* address;
        memcpy(&address, &arguments[at], sizeof address);
        const Memory* memory = card.memories.holding(address);
        if (memory == nullptr) continue;
        std::string broken = Memories::broken_guard(*memory);
        if (!broken.empty()) card.fail("kernel " + function.name + " wrote " + broken);
    }
}

inline void run_kernel(const Function& function, const Launch& launch, const std::vector<uint8>& arguments)
{
    const char* findings = "";
    void* address = nullptr;
    if (!run_watched([&] { findings = function.run(arguments.data(), &launch); }, address))
    {
        card.fail("kernel " + function.name + " reached " + card.memories.place(address));
    }
    else if (*findings != 0) card.fail("kernel " + function.name + ": " + findings);
    check_guards_of(function, arguments);
}

// ---- Captures ----

constexpr int relaxed = 2;

// A stream that waits for an event of a capture becomes a branch of it.
inline int join_capture(const std::shared_ptr<Stream>& stream, const std::shared_ptr<Capture>& capture)
{
    if (stream->capture != nullptr)
    {
        stream->capture->invalid = true;
        return ERROR_STREAM_CAPTURE_ISOLATION;
    }

    if (capture->ended) return ERROR_CAPTURED_EVENT;
    if (capture->invalid) return ERROR_STREAM_CAPTURE_INVALIDATED;
    stream->capture = capture;
    stream->branch = capture->streams.size();
    capture->streams.push_back(stream);
    capture->graph.branches = capture->streams.size();
    return SUCCESS;
}

inline void end_capture(const std::shared_ptr<Capture>& capture)
{
    capture->ended = true;
    for (auto& stream : capture->streams) stream->capture = nullptr;
    capture->streams.clear();
    card.captures.erase(std::find(card.captures.begin(), card.captures.end(), capture));
}
