// The CUDA driver API, as much of it as CudaDriver.cs imports, over kernels that run emulated: libcuda.so.1 for machines without a card. Strict where a card would be lucky:
// work is done as late as it may be, memory has guards and poison, and an emulation's finding is CUDA_ERROR_ILLEGAL_ADDRESS from there on, whose text is the finding.
//
// Environment: FOLIO_EMULATION=eager does all work at once; FOLIO_EMULATED_MEMORY bytes (1 GiB); FOLIO_EMULATED_CARDS (1); FOLIO_EMULATED_DRIVER, a version (12040); FOLIO_EMULATED_CAPABILITY (90).
#include "calls.h"

// ---- Devices and contexts ----

CALL cuDriverGetVersion(int* version)
{
    *version = environment("FOLIO_EMULATED_DRIVER", 12040);
    return SUCCESS;
}

CALL cuInit(unsigned)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    if (environment("FOLIO_EMULATED_CARDS", 1) == 0) return ERROR_NO_DEVICE;
    if (!card.initialized) watch_faults();
    card.initialized = true;
    return SUCCESS;
}

CALL cuGetErrorName(int status, const char** text)
{
    switch (status)
    {
#define STATUS(number, name, words) case number: *text = "CUDA_" #name; return SUCCESS;
        STATUSES(STATUS)
#undef STATUS
        default: *text = nullptr; return ERROR_INVALID_VALUE;
    }
}

CALL cuGetErrorString(int status, const char** text)
{
    if (status == ERROR_ILLEGAL_ADDRESS && card.status == status) { *text = card.sentence.c_str(); return SUCCESS; }
    switch (status)
    {
#define STATUS(number, name, words) case number: *text = words; return SUCCESS;
        STATUSES(STATUS)
#undef STATUS
        default: *text = nullptr; return ERROR_INVALID_VALUE;
    }
}

CALL cuDeviceGetCount(int* count)
{
    *count = environment("FOLIO_EMULATED_CARDS", 1);
    return SUCCESS;
}

CALL cuDeviceGet(int* device, int ordinal)
{
    *device = ordinal;
    return ordinal == 0 ? SUCCESS : ERROR_INVALID_DEVICE;
}

CALL cuDeviceGetName(char* name, int length, int device)
{
    snprintf(name, length, "Emulated card");
    return device == 0 ? SUCCESS : ERROR_INVALID_DEVICE;
}

CALL cuDeviceGetAttribute(int* value, int attribute, int device)
{
    static const std::map<int, int> attributes = {
        {1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 0x7FFFFFFF}, {6, 65535}, {7, 65535},   // threads of a block, its and the grid's sizes
        {8, 48 << 10}, {81, 228 << 10}, {97, most_shared_bytes},                             // shared memory of a block, of a multiprocessor, of a block that asks
        {10, 32}, {12, 65536}, {13, 1000000}, {16, 4}, {39, 2048}, {82, 65536},              // warp, registers, clock in kHz, multiprocessors and their threads and registers
        {19, 1}, {31, 1}, {40, 2}, {41, 1},                                                  // maps host memory, concurrent kernels, copy engines, one address space
        {36, 1000000}, {37, 512}, {38, 4 << 20},                                             // memory's clock in kHz and bits, second-level cache
    };
    if (device != 0) return ERROR_INVALID_DEVICE;
    if (attribute == 75 || attribute == 76)
    {
        *value = attribute == 75 ? capability() / 10 : capability() % 10;
        return SUCCESS;
    }

    auto found = attributes.find(attribute);
    if (found == attributes.end()) return not_emulated("attribute " + std::to_string(attribute));
    *value = found->second;
    return SUCCESS;
}

CALL cuDevicePrimaryCtxRetain(void** context, int device)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    if (!card.initialized) return ERROR_NOT_INITIALIZED;
    if (device != 0) return ERROR_INVALID_DEVICE;
    if (card.references++ == 0) card.begin();
    *context = reinterpret_cast<void*>(card.generation);
    return SUCCESS;
}

// The last to release ends the context, and with it an error that stayed.
CALL cuDevicePrimaryCtxRelease_v2(int device)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    if (device != 0) return ERROR_INVALID_DEVICE;
    if (card.references == 0) return ERROR_INVALID_CONTEXT;
    if (--card.references > 0) return SUCCESS;
    int status = card.finish_all("the context's end");
    card.end();
    return status;
}

CALL cuCtxSetCurrent(void* context)
{
    current_context = reinterpret_cast<size_t>(context);
    return SUCCESS;
}

CALL cuCtxSynchronize()
{
    Call call;
    if (call.refused()) return call.status;
    for (auto& capture : card.captures) { capture->invalid = true; return ERROR_STREAM_CAPTURE_UNSUPPORTED; }
    return card.finish_all("cuCtxSynchronize");
}

// ---- Memory ----

CALL cuMemGetInfo_v2(size_t* free, size_t* total)
{
    Call call;
    if (call.refused()) return call.status;
    *total = card.total;
    *free = card.total - card.memories.taken;
    return SUCCESS;
}

CALL cuMemAlloc_v2(void** address, size_t bytes)
{
    Call call;
    if (call.refused_in_capture()) return call.status;
    if (bytes == 0) return ERROR_INVALID_VALUE;
    if (bytes > card.total - card.memories.taken) return ERROR_OUT_OF_MEMORY;
    *address = card.memories.take(bytes, false);
    return *address == nullptr ? ERROR_OUT_OF_MEMORY : SUCCESS;
}

CALL cuMemHostAlloc(void** address, size_t bytes, unsigned)
{
    Call call;
    if (call.refused_in_capture()) return call.status;
    if (bytes == 0) return ERROR_INVALID_VALUE;
    *address = card.memories.take(bytes, true);
    return *address == nullptr ? ERROR_OUT_OF_MEMORY : SUCCESS;
}

static int give_back(void* address, bool pinned)
{
    Call call;
    if (call.refused_in_capture()) return call.status;
    if (address == nullptr) return SUCCESS;
    const Memory* memory = card.memories.at(address);
    if (memory == nullptr || memory->pinned != pinned) return ERROR_INVALID_VALUE;
    card.drain_all();
    card.check_guards_of(*memory, "freeing memory");
    card.memories.give_back(*memory);
    return card.status;
}

CALL cuMemFree_v2(void* address) { return give_back(address, false); }
CALL cuMemFreeHost(void* address) { return give_back(address, true); }

// From pinned memory, what is there when the copy's turn comes; from other memory, what is there now.
CALL cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (!card.memories.holds(to, bytes)) return ERROR_INVALID_VALUE;
    if (card.memories.holding(from) != nullptr || stream->capture != nullptr) return copy(stream, to, from, bytes);
    auto text = static_cast<const uint8*>(from);
    return card.enqueue(stream, [to, now = std::vector<uint8>(text, text + bytes)] { move(to, now.data(), now.size()); });
}

// To pinned memory when the copy's turn comes; to other memory at once, as the driver does.
CALL cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (!card.memories.holds(from, bytes)) return ERROR_INVALID_VALUE;
    int status = copy(stream, to, from, bytes);
    if (status != SUCCESS || stream->capture != nullptr || card.memories.holding(to) != nullptr) return status;
    return card.finish(*stream);
}

CALL cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t bytes, void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    return card.memories.holds(to, bytes) && card.memories.holds(from, bytes) ? copy(stream, to, from, bytes) : ERROR_INVALID_VALUE;
}

CALL cuMemsetD8Async(void* address, uint8 value, size_t bytes, void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (!card.memories.holds(address, bytes)) return ERROR_INVALID_VALUE;
    return card.enqueue(stream, [address, value, bytes] { if (reaches(address, bytes)) memset(address, value, bytes); });
}

// ---- Streams and events ----

CALL cuStreamCreate(void** handle, unsigned flags)
{
    Call call;
    if (call.refused()) return call.status;
    auto stream = std::make_shared<Stream>((flags & 1) == 0);
    card.streams[*handle = stream.get()] = stream;
    return SUCCESS;
}

CALL cuStreamCreateWithPriority(void** handle, unsigned flags, int) { return cuStreamCreate(handle, flags); }

CALL cuStreamDestroy_v2(void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (stream->capture != nullptr) { stream->capture->invalid = true; return ERROR_STREAM_CAPTURE_UNSUPPORTED; }
    card.streams.erase(handle);
    return card.finish(*stream);
}

CALL cuStreamSynchronize(void* handle)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (stream->capture != nullptr) { stream->capture->invalid = true; return ERROR_STREAM_CAPTURE_UNSUPPORTED; }
    return card.finish(*stream);
}

CALL cuEventCreate(void** handle, unsigned flags)
{
    Call call;
    if (call.refused()) return call.status;
    auto event = std::make_shared<Event>(Event{(flags & 2) == 0, nullptr});
    card.events[*handle = event.get()] = event;
    return SUCCESS;
}

CALL cuEventDestroy_v2(void* handle)
{
    Call call;
    if (call.refused()) return call.status;
    return card.events.erase(handle) == 1 ? SUCCESS : ERROR_INVALID_HANDLE;
}

CALL cuEventRecord(void* handle, void* stream_handle)
{
    Call call;
    auto event = call.find(card.events, handle);
    auto stream = call.stream(stream_handle);
    if (call.refused()) return call.status;
    auto mark = std::make_shared<Mark>();
    mark->stream = stream;
    mark->capture = stream->capture;
    event->mark = mark;
    return card.enqueue(stream, Work{nullptr, nullptr, mark});
}

CALL cuStreamWaitEvent(void* stream_handle, void* handle, unsigned)
{
    Call call;
    auto event = call.find(card.events, handle);
    auto stream = call.stream(stream_handle);
    if (call.refused()) return call.status;
    auto mark = event->mark;
    if (mark == nullptr) return SUCCESS;
    if (mark->capture != stream->capture)
    {
        if (int status = join_capture(stream, mark->capture)) return status;
    }

    return card.enqueue(stream, Work{mark, nullptr, nullptr});
}

CALL cuEventSynchronize(void* handle)
{
    Call call;
    auto event = call.find(card.events, handle);
    if (call.refused()) return call.status;
    if (event->mark == nullptr) return SUCCESS;
    if (event->mark->capture != nullptr) return ERROR_CAPTURED_EVENT;
    pass(event->mark);
    card.check_guards("waiting for an event");
    return card.status;
}

CALL cuEventElapsedTime(float* milliseconds, void* from_handle, void* to_handle)
{
    Call call;
    auto from = call.find(card.events, from_handle), to = call.find(card.events, to_handle);
    if (call.refused()) return call.status;
    if (!from->timed || !to->timed || from->mark == nullptr || to->mark == nullptr) return ERROR_INVALID_HANDLE;
    if (!from->mark->passed || !to->mark->passed) return ERROR_NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(to->mark->time - from->mark->time).count();
    return SUCCESS;
}

// ---- Kernels ----

CALL cuModuleLoadData(void** handle, const void* image)
{
    Call call;
    if (call.refused_in_capture()) return call.status;
    auto module = load_module(image);
    if (module == nullptr) return ERROR_INVALID_IMAGE;
    card.modules[*handle = module.get()] = module;
    return SUCCESS;
}

CALL cuModuleUnload(void* handle)
{
    Call call;
    auto module = call.find(card.modules, handle);
    if (call.refused_in_capture()) return call.status;
    int status = card.finish_all("unloading a module");
    card.modules.erase(handle);
    for (auto function = card.functions.begin(); function != card.functions.end();) function = function->second->module == module ? card.functions.erase(function) : std::next(function);
    return status;
}

CALL cuModuleGetFunction(void** handle, void* module_handle, const char* name)
{
    Call call;
    auto module = call.find(card.modules, module_handle);
    if (call.refused()) return call.status;
    auto function = find_function(module, name);
    if (function == nullptr) return ERROR_NOT_FOUND;
    card.functions[*handle = function.get()] = function;
    return SUCCESS;
}

CALL cuFuncSetAttribute(void* handle, int attribute, int value)
{
    Call call;
    auto function = call.find(card.functions, handle);
    if (call.refused()) return call.status;
    if (attribute == 9) return SUCCESS; // the preferred part of shared memory: a hint
    if (attribute != 8) return not_emulated("function attribute " + std::to_string(attribute));
    if (value < 0 || static_cast<unsigned>(value) > most_shared_bytes) return ERROR_INVALID_VALUE;
    function->most_shared_bytes = value;
    return SUCCESS;
}

CALL cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t shared_bytes)
{
    Call call;
    auto function = call.find(card.functions, handle);
    if (call.refused()) return call.status;
    if (threads <= 0) return ERROR_INVALID_VALUE;
    bool fits = static_cast<unsigned>(threads) <= function->most_threads && shared_bytes <= function->most_shared_bytes;
    *blocks = fits ? std::min({32, 2048 / threads, static_cast<int>((228 << 10) / (shared_bytes + 1024))}) : 0; // the system keeps 1 KiB of shared memory a block
    return SUCCESS;
}

CALL cuLaunchKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned x, unsigned y, unsigned z, unsigned shared_bytes, void* stream_handle, void** parameters, void** extra)
{
    Call call;
    auto function = call.find(card.functions, handle);
    auto stream = call.stream(stream_handle);
    if (call.refused()) return call.status;
    if (grid_x == 0 || grid_y == 0 || grid_z == 0 || x == 0 || y == 0 || z == 0 || grid_x > 0x7FFFFFFF || grid_y > 65535 || grid_z > 65535) return ERROR_INVALID_VALUE;
    if (static_cast<uint64_t>(x) * y * z > 1024 || shared_bytes > function->most_shared_bytes) return ERROR_INVALID_VALUE;
    if (y > 1 || z > 1) return not_emulated("a block of more than one dimension");
    if (x > function->most_threads) return ERROR_LAUNCH_OUT_OF_RESOURCES;
    const uint8* arguments = find_arguments(*function, parameters, extra);
    if (arguments == nullptr) return ERROR_INVALID_VALUE;
    Launch launch{grid_x, grid_y, grid_z, x, shared_bytes, Order::Ascending, 1};
    return card.enqueue(stream, [function, launch, own = std::vector<uint8>(arguments, arguments + function->argument_bytes)] { run_kernel(*function, launch, own); });
}

// ---- Graphs ----

CALL cuStreamBeginCapture_v2(void* handle, int mode)
{
    Call call;
    auto stream = call.stream(handle);
    if (call.refused()) return call.status;
    if (handle == nullptr) return ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->capture != nullptr) return ERROR_ILLEGAL_STATE;
    auto capture = std::make_shared<Capture>();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->streams.push_back(stream);
    stream->capture = capture;
    stream->branch = 0;
    card.captures.push_back(capture);
    return SUCCESS;
}

CALL cuStreamEndCapture(void* handle, void** graph)
{
    Call call;
    auto stream = call.stream(handle);
    *graph = nullptr;
    if (call.refused()) return call.status;
    auto capture = stream->capture;
    if (capture == nullptr) return ERROR_ILLEGAL_STATE;
    if (capture->streams[0] != stream) return ERROR_STREAM_CAPTURE_UNMATCHED;
    if (capture->mode != relaxed && capture->thread != std::this_thread::get_id()) return ERROR_STREAM_CAPTURE_WRONG_THREAD;
    end_capture(capture);
    if (capture->invalid) return ERROR_STREAM_CAPTURE_INVALIDATED;
    if (!capture->graph.joined()) return ERROR_STREAM_CAPTURE_UNJOINED;
    auto captured = std::make_shared<Graph>(std::move(capture->graph));
    card.graphs[*graph = captured.get()] = captured;
    return SUCCESS;
}

CALL cuGraphInstantiateWithFlags(void** handle, void* graph_handle, unsigned long long)
{
    Call call;
    auto graph = call.find(card.graphs, graph_handle);
    if (call.refused()) return call.status;
    auto executable = std::make_shared<Executable>(Executable{*graph, nullptr});
    card.executables[*handle = executable.get()] = executable;
    return SUCCESS;
}

CALL cuGraphDestroy(void* handle)
{
    Call call;
    if (call.refused()) return call.status;
    return card.graphs.erase(handle) == 1 ? SUCCESS : ERROR_INVALID_HANDLE;
}

CALL cuGraphExecDestroy(void* handle)
{
    Call call;
    if (call.refused()) return call.status;
    return card.executables.erase(handle) == 1 ? SUCCESS : ERROR_INVALID_HANDLE;
}

CALL cuGraphLaunch(void* handle, void* stream_handle)
{
    Call call;
    auto executable = call.find(card.executables, handle);
    auto stream = call.stream(stream_handle);
    if (call.refused()) return call.status;
    if (stream->capture != nullptr) { stream->capture->invalid = true; return not_emulated("a graph within a graph"); }
    return card.enqueue(stream, executable);
}

CALL cuGraphUpload(void* handle, void* stream_handle)
{
    Call call;
    call.find(card.executables, handle);
    call.stream(stream_handle);
    return call.refused() ? call.status : SUCCESS;
}
