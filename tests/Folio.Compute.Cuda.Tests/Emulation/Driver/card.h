// The emulated card: what its one context holds, and the error that it keeps once a kernel went wrong.
#pragma once
#include "graphs.h"
#include "memory.h"
#include "modules.h"
#include <cstdio>
#include <cstdlib>
#include <mutex>

// Statuses, by the driver's names and numbers.
#define STATUSES(_)                                                                      \
    _(0, SUCCESS, "no error")                                                            \
    _(1, ERROR_INVALID_VALUE, "invalid argument")                                        \
    _(2, ERROR_OUT_OF_MEMORY, "out of memory")                                           \
    _(3, ERROR_NOT_INITIALIZED, "initialization error")                                  \
    _(100, ERROR_NO_DEVICE, "no CUDA-capable device is detected")                        \
    _(101, ERROR_INVALID_DEVICE, "invalid device ordinal")                               \
    _(200, ERROR_INVALID_IMAGE, "device kernel image is invalid")                        \
    _(201, ERROR_INVALID_CONTEXT, "invalid device context")                              \
    _(400, ERROR_INVALID_HANDLE, "invalid resource handle")                              \
    _(401, ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state") \
    _(500, ERROR_NOT_FOUND, "named symbol not found")                                    \
    _(600, ERROR_NOT_READY, "device not ready")                                          \
    _(700, ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered")            \
    _(701, ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch")     \
    _(709, ERROR_CONTEXT_IS_DESTROYED, "context is destroyed")                           \
    _(801, ERROR_NOT_SUPPORTED, "operation not supported")                               \
    _(900, ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing")                     \
    _(901, ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture")              \
    _(903, ERROR_STREAM_CAPTURE_UNMATCHED, "capture was not initiated in this stream")                               \
    _(904, ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work")                                      \
    _(905, ERROR_STREAM_CAPTURE_ISOLATION, "dependency created on uncaptured work in another stream")                \
    _(906, ERROR_STREAM_CAPTURE_IMPLICIT, "operation would make the legacy stream depend on a capturing blocking stream") \
    _(907, ERROR_CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream")          \
    _(908, ERROR_STREAM_CAPTURE_WRONG_THREAD, "attempt to terminate a thread-local capture sequence from another thread")

#define STATUS(number, name, text) constexpr int name = number;
STATUSES(STATUS)
#undef STATUS

template <class T> using Handles = std::map<void*, std::shared_ptr<T>>;

struct Card
{
    std::mutex mutex;
    bool initialized = false;
    size_t references = 0, generation = 0;   // of the primary context; the generation is its handle

    // ---- Of the context ----
    int status = SUCCESS;    // an error that stays
    std::string sentence;    // what it was
    size_t total = 0;        // bytes of memory
    bool eager = false;
    Memories memories;
    std::shared_ptr<Stream> default_stream;
    Handles<Stream> streams;
    Handles<Event> events;
    Handles<Module> modules;
    Handles<Function> functions;
    Handles<Graph> graphs;
    Handles<Executable> executables;
    std::vector<std::shared_ptr<Capture>> captures;

    void begin()
    {
        auto setting = [](const char* name, const char* other) { const char* value = getenv(name); return std::string(value != nullptr && *value != 0 ? value : other); };
        total = std::stoull(setting("FOLIO_EMULATED_MEMORY", "1073741824"));
        eager = setting("FOLIO_EMULATION", "late") == "eager";
        status = SUCCESS;
        generation++;
        default_stream = std::make_shared<Stream>(true);
    }

    void end()
    {
        for (auto& stream : streams) stream.second->queue.clear();
        streams.clear();
        events.clear();
        functions.clear();
        modules.clear();
        graphs.clear();
        executables.clear();
        captures.clear();
        memories.give_back_all();
    }

    // A kernel went wrong: as on a card, nothing works from here on.
    void fail(const std::string& what)
    {
        if (status != SUCCESS) return;
        status = ERROR_ILLEGAL_ADDRESS;
        sentence = "an illegal memory access was encountered: " + what;
        while (sentence.back() == '\n') sentence.pop_back();
        fprintf(stderr, "emulated card: %s\n", what.c_str());
    }

    void check_guards(const char* when) { found(memories.broken_guard(), when); }
    void check_guards_of(const Memory& memory, const char* when) { found(Memories::broken_guard(memory), when); }

    // ---- Queues ----

    int enqueue(const std::shared_ptr<Stream>& stream, Work work)
    {
        if (stream->capture != nullptr)
        {
            if (stream->capture->invalid) return ERROR_STREAM_CAPTURE_INVALIDATED;
            stream->capture->graph.nodes.push_back({stream->branch, std::move(work)});
            return SUCCESS;
        }

        if (int refused = order_with_default(stream)) return refused;
        stream->queue.push_back(std::move(work));
        return eager ? finish(*stream) : status;
    }

    int enqueue(const std::shared_ptr<Stream>& stream, std::function<void()> task)
    {
        auto checked = [this, task] { if (status == SUCCESS) task(); };
        return enqueue(stream, Work{nullptr, std::make_shared<const std::function<void()>>(std::move(checked)), nullptr});
    }

    int enqueue(const std::shared_ptr<Stream>& stream, const std::shared_ptr<Executable>& executable)
    {
        if (int refused = order_with_default(stream)) return refused;
        executable->launch(stream);
        return eager ? finish(*stream) : status;
    }

    int finish(Stream& stream)
    {
        drain(stream);
        check_guards("waiting for a stream");
        return status;
    }

    void drain_all()
    {
        for (auto& stream : streams) drain(*stream.second);
        drain(*default_stream);
    }

    int finish_all(const char* why)
    {
        drain_all();
        check_guards(why);
        return status;
    }

private:
    void found(const std::string& broken, const char* when)
    {
        if (!broken.empty()) fail(std::string(when) + " finds that something was written " + broken);
    }

    static void follow(const std::shared_ptr<Stream>& later, const std::shared_ptr<Stream>& earlier)
    {
        if (!earlier->queue.empty()) later->queue.push_back({record(earlier), nullptr, nullptr});
    }

    // The default stream and blocking streams wait for each other.
    int order_with_default(const std::shared_ptr<Stream>& stream)
    {
        if (stream != default_stream)
        {
            if (stream->blocking) follow(stream, default_stream);
            return SUCCESS;
        }

        for (auto& other : streams)
        {
            if (!other.second->blocking) continue;
            if (other.second->capture != nullptr) { other.second->capture->invalid = true; return ERROR_STREAM_CAPTURE_IMPLICIT; }
            follow(stream, other.second);
        }

        return SUCCESS;
    }
};

inline Card card;
