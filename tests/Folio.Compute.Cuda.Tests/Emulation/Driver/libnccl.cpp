// NCCL, as much of it as Nccl.cs imports, between threads that share the one emulated card: compiled into its driver, of which libnccl.so.2 is another name. Strict where the library
// might be lucky: a call of a collective returns only when all ranks have made theirs, unlike calls are refused on all of them, and sums are work of the streams, as late as any.
//
// Source: NCCL user guide, and nccl.h for names and numbers.
#include "calls.h"
#include <condition_variable>
#include <set>

constexpr int nccl_internal_error = 3, nccl_invalid_argument = 4, nccl_invalid_usage = 5, nccl_remote_error = 6;
constexpr int nccl_float32 = 7, nccl_sum = 0;

struct UniqueId { char text[128]; };

// One rank's part of a sum.
struct Part
{
    float* to;
    const float* from;
    size_t count;
    std::shared_ptr<Stream> stream;
    std::shared_ptr<Mark> ready;    // what came before on the stream is done
};

struct Group
{
    explicit Group(int ranks) : ranks(ranks), members(ranks, false), parts(ranks) {}

    const int ranks;
    std::vector<bool> members;
    std::vector<Part> parts;        // of the call that is being made
    int waiting = 0, call = 0;      // ranks that have made it; calls that all have made
    int status = SUCCESS;           // of the last one
    bool aborted = false;
    std::mutex mutex;
    std::condition_variable changed;

    // The last rank to come does `last` for all; each gets its status.
    int meet(const std::function<int()>& last)
    {
        std::unique_lock<std::mutex> lock(mutex);
        if (aborted) return nccl_remote_error;
        int own = call;
        if (++waiting < ranks)
        {
            changed.wait(lock, [&] { return call != own || aborted; });
            return call != own ? status : nccl_remote_error;
        }

        status = last();
        waiting = 0;
        call++;
        changed.notify_all();
        return status;
    }
};

struct Communicator
{
    std::shared_ptr<Group> group;
    int rank;
    bool failed;
};

static int refuse(const char* what)
{
    not_emulated(what);
    return nccl_invalid_usage;
}

static std::mutex known_mutex;
static std::set<std::string> issued;                                // ids that nobody has joined by yet
static std::map<std::string, std::shared_ptr<Group>> joined;        // by id
static std::map<void*, std::shared_ptr<Communicator>> communicators;

static std::shared_ptr<Communicator> find(void* handle)
{
    std::lock_guard<std::mutex> lock(known_mutex);
    auto found = communicators.find(handle);
    return found == communicators.end() ? nullptr : found->second;
}

// Null: the id is none, the number of ranks isn't the others', or the rank is taken.
static std::shared_ptr<Group> enter(const std::string& id, int ranks, int rank)
{
    std::lock_guard<std::mutex> lock(known_mutex);
    if (ranks < 1 || rank < 0 || rank >= ranks) return nullptr;
    if (issued.erase(id) == 1) joined[id] = std::make_shared<Group>(ranks);
    auto found = joined.find(id);
    if (found == joined.end() || found->second->ranks != ranks || found->second->members[rank]) return nullptr;
    found->second->members[rank] = true;
    return found->second;
}

// Queued on every rank's stream; whichever comes first does what is before it on all of them, and then the sum.
static int add_up(const std::vector<Part>& parts)
{
    for (const Part& part : parts)
        if (part.count != parts[0].count) return nccl_invalid_usage;
    auto done = std::make_shared<bool>(false);
    auto sum = [parts, done]
    {
        if (*done) return;
        *done = true;
        for (const Part& part : parts) pass(part.ready);
        std::vector<float> total(parts[0].count);
        for (const Part& part : parts)
        {
            if (!reaches(part.from, part.count * sizeof(float)) || !reaches(part.to, part.count * sizeof(float))) return;
            for (size_t i = 0; i < part.count; i++) total[i] += part.from[i];
        }

        for (const Part& part : parts) memcpy(part.to, total.data(), total.size() * sizeof(float));
    };

    std::lock_guard<std::mutex> lock(card.mutex);
    for (const Part& part : parts) part.stream->queue.push_back({nullptr, nullptr, part.ready});
    for (const Part& part : parts)
        if (card.enqueue(part.stream, sum) != SUCCESS) return nccl_internal_error;
    return SUCCESS;
}

extern "C" __attribute__((visibility("default"))) const char* ncclGetErrorString(int status)
{
    static const std::map<int, const char*> texts = {
        {SUCCESS, "no error"}, {1, "unhandled cuda error"}, {nccl_internal_error, "internal error"}, {nccl_invalid_argument, "invalid argument"}, {nccl_invalid_usage, "invalid usage"}, {nccl_remote_error, "remote process exited"},
    };
    auto found = texts.find(status);
    return found == texts.end() ? "unknown result code" : found->second;
}

CALL ncclGetUniqueId(UniqueId* id)
{
    std::lock_guard<std::mutex> lock(known_mutex);
    static int count = 0;
    memset(id->text, 'x', sizeof id->text);     // all of it counts
    snprintf(id->text, sizeof id->text / 2, "group %d", count++);
    issued.insert(std::string(id->text, sizeof id->text));
    return SUCCESS;
}

CALL ncclCommInitRank(void** handle, int ranks, UniqueId id, int rank)
{
    if (Call().refused()) return 1;
    auto group = enter(std::string(id.text, sizeof id.text), ranks, rank);
    if (group == nullptr) return nccl_invalid_argument;
    int status = group->meet([] { return SUCCESS; });
    if (status != SUCCESS) return status;
    auto communicator = std::make_shared<Communicator>(Communicator{group, rank, false});
    std::lock_guard<std::mutex> lock(known_mutex);
    communicators[*handle = communicator.get()] = communicator;
    return SUCCESS;
}

CALL ncclAllReduce(const float* from, float* to, size_t count, int type, int operation, void* handle, void* stream_handle)
{
    auto communicator = find(handle);
    if (communicator == nullptr || communicator->failed) return nccl_invalid_usage;
    if (type != nccl_float32 || operation != nccl_sum) return refuse("all but sums of fp32");
    Part part{to, from, count, nullptr, std::make_shared<Mark>()};
    {
        Call call;
        part.stream = part.ready->stream = call.stream(stream_handle);
        if (call.refused()) return 1;
        if (part.stream->capture != nullptr) return refuse("a collective in a graph");
        if (!card.memories.holds(from, count * sizeof(float)) || !card.memories.holds(to, count * sizeof(float))) return nccl_invalid_argument;
    }

    Group& group = *communicator->group;
    {
        std::lock_guard<std::mutex> lock(group.mutex);
        group.parts[communicator->rank] = part;
    }

    int status = group.meet([&group] { return add_up(group.parts); });
    communicator->failed = status != SUCCESS;
    return status;
}

// Behind a failure a rank may wait for others for ever: such a communicator must be aborted.
CALL ncclCommDestroy(void* handle)
{
    auto communicator = find(handle);
    if (communicator == nullptr) return nccl_invalid_argument;
    if (communicator->failed) return nccl_invalid_usage;
    {
        Call call;
        if (call.refused()) return 1;
        card.drain_all();
    }

    std::lock_guard<std::mutex> lock(known_mutex);
    communicators.erase(handle);
    return SUCCESS;
}

CALL ncclCommAbort(void* handle)
{
    auto communicator = find(handle);
    if (communicator == nullptr) return nccl_invalid_argument;
    {
        std::lock_guard<std::mutex> lock(communicator->group->mutex);
        communicator->group->aborted = true;
        communicator->group->changed.notify_all();
    }

    std::lock_guard<std::mutex> lock(known_mutex);
    communicators.erase(handle);
    return SUCCESS;
}
