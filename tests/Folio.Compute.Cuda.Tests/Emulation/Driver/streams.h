// Streams whose work is done as late as it may be: when somebody waits for it. Whoever forgot to wait, or to order two streams by an event, sees what was there before.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

struct Stream;
struct Capture;

// A moment of a stream, which an event has recorded.
struct Mark
{
    std::shared_ptr<Stream> stream;
    bool passed = false;
    std::chrono::steady_clock::time_point time;
    std::shared_ptr<Capture> capture;   // of a capture, not of a run
};

// One entry of a queue: what to wait for, what to do, what has then passed. Each may be none.
struct Work
{
    std::shared_ptr<Mark> waits;
    std::shared_ptr<const std::function<void()>> task;   // shared with the graphs that repeat it
    std::shared_ptr<Mark> records;
};

struct Stream
{
    explicit Stream(bool blocking) : blocking(blocking) {}

    const bool blocking;              // in order with the default stream
    std::deque<Work> queue;
    std::shared_ptr<Capture> capture; // null: not capturing
    size_t branch = 0;                // of the capture
};

struct Event
{
    bool timed;
    std::shared_ptr<Mark> mark;   // null: never recorded
};

inline void pass(const std::shared_ptr<Mark>& mark);

inline void do_next(Stream& stream)
{
    Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (work.waits != nullptr) pass(work.waits);
    if (work.task != nullptr) (*work.task)();
    if (work.records == nullptr) return;
    work.records->passed = true;
    work.records->time = std::chrono::steady_clock::now();
}

inline void drain(Stream& stream)
{
    while (!stream.queue.empty()) do_next(stream);
}

// Does what comes before a mark on its stream, and what that waits for.
inline void pass(const std::shared_ptr<Mark>& mark)
{
    while (!mark->passed && !mark->stream->queue.empty()) do_next(*mark->stream);
}

inline std::shared_ptr<Mark> record(const std::shared_ptr<Stream>& stream)
{
    auto mark = std::make_shared<Mark>();
    mark->stream = stream;
    stream->queue.push_back({nullptr, nullptr, mark});
    return mark;
}
