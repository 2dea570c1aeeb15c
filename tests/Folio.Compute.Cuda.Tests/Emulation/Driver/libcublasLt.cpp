// cuBLASLt, as much of it as CublasLt.cs imports, on the emulated card: compiled into its driver, of which libcublasLt.so.12 is another name. Strict where the library might be lucky:
// attributes have the sizes of NVIDIA's header, a product is made by an algorithm that was asked for just such matrices and alignments, within the workspace that was told, and only
// types that the user guide's tables have go together. Work is queued, captured and late as a kernel's.
//
// Source: cuBLAS library user guide, "Using the cuBLASLt API"; cublasLtMatmul() has the tables.
#include "calls.h"
#include "products.h"

constexpr int not_initialized = 1, invalid_value = 7, execution_failed = 13, not_supported = 15;
constexpr int fp32_sums = 68;                       // cublasComputeType_t
constexpr uint32_t plain = 1, adds_bias = 4;        // cublasLtEpilogue_t
constexpr uint64_t magic = 0x466F6C696F4C740A;

struct Library {};

struct Description
{
    int32_t transposes_a = 0, transposes_b = 0;
    uint32_t epilogue = plain;
    const void* bias = nullptr;
    int8_t fast_sums = 0;
};

struct Preference
{
    uint64_t workspace_bytes = 0;
    uint32_t alignments[4] = {256, 256, 256, 256};  // of A, B, C, D
};

// What cublasLtMatmulAlgo_t holds here: for what it was chosen.
struct Algorithm
{
    uint64_t is_one, matrices, workspace_bytes;
    uint32_t alignments[4];
    uint64_t bias_alignment, unused[2];
};

static_assert(sizeof(Algorithm) == 64);

// cublasLtMatmulHeuristicResult_t
struct Choice
{
    Algorithm algorithm;
    size_t workspace_bytes;
    int status;
    float waves;
    int reserved[4];
};

static_assert(sizeof(Choice) == 96);

static Handles<Library> libraries;
static Handles<Description> descriptions;
static Handles<Matrix> layouts;
static Handles<Preference> preferences;

static int refuse(int status, const std::string& why)
{
    fprintf(stderr, "emulated cuBLASLt: %s\n", why.c_str());
    return status;
}

template <class T> static int create(Handles<T>& handles, void** handle, T value)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    auto made = std::make_shared<T>(value);
    handles[*handle = made.get()] = made;
    return SUCCESS;
}

template <class T> static int destroy(Handles<T>& handles, void* handle)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    return handles.erase(handle) == 1 ? SUCCESS : refuse(invalid_value, "a handle that is none is destroyed");
}

// Null: no such handle, which the caller must then refuse.
template <class T> static const T* find(const Handles<T>& handles, void* handle)
{
    auto found = handles.find(handle);
    return found == handles.end() ? nullptr : found->second.get();
}

template <class T> static int set(T& attribute, const void* value, size_t bytes)
{
    if (value == nullptr || bytes != sizeof(T)) return refuse(invalid_value, "an attribute of " + std::to_string(sizeof(T)) + " bytes is given " + std::to_string(bytes));
    memcpy(&attribute, value, bytes);
    return SUCCESS;
}

CALL cublasLtCreate(void** handle)
{
    {
        Call call;
        if (call.refused_in_capture()) return not_initialized;
    }

    return create(libraries, handle, Library{});
}

CALL cublasLtDestroy(void* handle) { return destroy(libraries, handle); }

CALL cublasLtMatmulDescCreate(void** handle, int sums, int scale_type)
{
    return sums == fp32_sums && scale_type == fp32 ? create(descriptions, handle, Description{}) : refuse(not_supported, "sums or scales that aren't fp32's are not emulated");
}

CALL cublasLtMatmulDescDestroy(void* handle) { return destroy(descriptions, handle); }

CALL cublasLtMatmulDescSetAttribute(void* handle, int attribute, const void* value, size_t bytes)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    auto found = descriptions.find(handle);
    if (found == descriptions.end()) return refuse(invalid_value, "an attribute of no product");
    Description& description = *found->second;
    switch (attribute)
    {
        case 3: return set(description.transposes_a, value, bytes);
        case 4: return set(description.transposes_b, value, bytes);
        case 7: return set(description.epilogue, value, bytes);
        case 8: return set(description.bias, value, bytes);
        case 25: return set(description.fast_sums, value, bytes);
        default: return refuse(not_supported, "attribute " + std::to_string(attribute) + " of products is not emulated");
    }
}

CALL cublasLtMatrixLayoutCreate(void** handle, int type, uint64_t rows, uint64_t columns, int64_t stride)
{
    bool known = type == fp32 || type == fp16 || type == bf16 || type == e4m3;
    if (!known || rows == 0 || columns == 0 || stride < static_cast<int64_t>(rows)) return refuse(invalid_value, "a matrix of no size, of an unknown type, or whose columns overlap");
    return create(layouts, handle, Matrix{type, rows, columns, stride});
}

CALL cublasLtMatrixLayoutDestroy(void* handle) { return destroy(layouts, handle); }

CALL cublasLtMatmulPreferenceCreate(void** handle) { return create(preferences, handle, Preference{}); }

CALL cublasLtMatmulPreferenceDestroy(void* handle) { return destroy(preferences, handle); }

CALL cublasLtMatmulPreferenceSetAttribute(void* handle, int attribute, const void* value, size_t bytes)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    auto found = preferences.find(handle);
    if (found == preferences.end()) return refuse(invalid_value, "an attribute of no preference");
    if (attribute == 1) return set(found->second->workspace_bytes, value, bytes);
    if (attribute >= 5 && attribute <= 8) return set(found->second->alignments[attribute - 5], value, bytes);
    return refuse(not_supported, "attribute " + std::to_string(attribute) + " of preferences is not emulated");
}

// ---- Which products there are ----

struct Matrices
{
    const Matrix *a, *b, *c, *d;

    Matrices(void* a, void* b, void* c, void* d) : a(find(layouts, a)), b(find(layouts, b)), c(find(layouts, c)), d(find(layouts, d)) {}

    bool known() const { return a != nullptr && b != nullptr && c != nullptr && d != nullptr; }
    uint64_t k() const { return b->rows; }
    bool fit() const { return a->rows == k() && a->columns == d->rows && b->columns == d->columns && c->rows == d->rows && c->columns == d->columns; }

    // What an algorithm is chosen for, in one number.
    uint64_t hash(const Description& description) const
    {
        uint64_t hash = description.epilogue | static_cast<uint64_t>(description.fast_sums) << 32;
        for (const Matrix* matrix : {a, b, c, d})
            for (uint64_t number : {static_cast<uint64_t>(matrix->type), matrix->rows, matrix->columns, static_cast<uint64_t>(matrix->stride)}) hash = (hash ^ number) * 0x9E3779B97F4A7C15u + (hash >> 29);
        return hash;
    }
};

static uint64_t alignment_of(const void* address) { return reinterpret_cast<uint64_t>(address) & -reinterpret_cast<uint64_t>(address); }

// Of a bias beside fp8, which has no fp32; else D's.
static int bias_type(const Matrices& matrices) { return matrices.a->type == e4m3 && matrices.d->type == fp32 ? bf16 : matrices.d->type; }

// Empty, or why there is no such product.
static std::string missing(const Description& description, const Matrices& matrices, const Preference& preference)
{
    int in = matrices.a->type, out = matrices.d->type;
    if (description.transposes_a != 1 || description.transposes_b != 0) return "only transposed · plain is emulated";
    if (description.epilogue != plain && description.epilogue != adds_bias) return "an epilogue that is not emulated";
    if (in != matrices.b->type || matrices.c->type != out || out == e4m3 || (in != out && out != fp32 && in != e4m3)) return "types that don't go together";
    if (in != e4m3) return description.fast_sums == 0 ? "" : "fast sums of other than fp8";
    if (capability() < 89) return "fp8 on a card before Ada";
    for (const Matrix* matrix : {matrices.a, matrices.b, matrices.d})
        if (matrix->stride * bytes_of(matrix->type) % 16 != 0) return "columns of fp8 that aren't multiples of 16 bytes apart";
    for (uint32_t alignment : preference.alignments)
        if (alignment < 16) return "fp8 at less than multiples of 16 bytes";
    return matrices.k() % 16 == 0 && matrices.d->rows % 16 == 0 ? "" : "fp8 by other than 16 at a time";
}

CALL cublasLtMatmulAlgoGetHeuristic(
    void* library, void* description_handle, void* a, void* b, void* c, void* d, void* preference_handle, int wanted, Choice* choices, int* count)
{
    std::lock_guard<std::mutex> lock(card.mutex);
    *count = 0;
    auto description = find(descriptions, description_handle);
    auto preference = find(preferences, preference_handle);
    Matrices matrices(a, b, c, d);
    if (find(libraries, library) == nullptr || description == nullptr || preference == nullptr || !matrices.known() || wanted < 1) return refuse(invalid_value, "handles of other things");
    if (!matrices.fit()) return refuse(invalid_value, "matrices that don't fit");
    std::string why = missing(*description, matrices, *preference);
    if (!why.empty()) return refuse(not_supported, why);

    uint64_t sums = matrices.d->rows * matrices.d->columns * sizeof(float), workspace = sums <= preference->workspace_bytes ? sums : 0; // as a sum in pieces takes
    choices[0] = {{magic, matrices.hash(*description), workspace, {}, alignment_of(description->bias), {}}, workspace, SUCCESS, 1, {}};
    memcpy(choices[0].algorithm.alignments, preference->alignments, sizeof preference->alignments);
    *count = 1;
    return SUCCESS;
}

// ---- Products ----

// Empty, or what a product must not be given.
static std::string wrong(const Algorithm& algorithm, const Description& description, const Matrices& matrices, const void* const (&data)[4], const void* workspace, size_t workspace_bytes)
{
    if (algorithm.is_one != magic || algorithm.matrices != matrices.hash(description)) return "an algorithm that was chosen for another product";
    for (int i = 0; i < 4; i++)
        if (alignment_of(data[i]) < algorithm.alignments[i]) return "a matrix at less than the multiple that the algorithm was chosen for";
    if (data[2] == data[3] && !(*matrices.c == *matrices.d)) return "C and D in one place, but unlike";
    if (workspace_bytes < algorithm.workspace_bytes || (workspace != nullptr && alignment_of(workspace) < 256)) return "too little workspace, or not at a multiple of 256 bytes";
    if (description.epilogue == adds_bias && description.bias == nullptr) return "no bias";
    if (description.epilogue == adds_bias && alignment_of(description.bias) < std::min<uint64_t>(algorithm.bias_alignment, 16)) return "a bias at less than the multiple that the algorithm was chosen for";
    return "";
}

static void run_product(const Product& product, const Matrix& c, void* workspace, size_t workspace_bytes)
{
    auto require = [](const char* what, const void* address, size_t bytes)
    {
        if (card.memories.holds(address, bytes)) return;
        card.fail(std::string("cublasLtMatmul is given ") + what + " of " + std::to_string(bytes) + " bytes that reaches out of the card's memory: " + card.memories.place(address));
    };
    require("A", product.a_data, product.a.bytes());
    require("B", product.b_data, product.b.bytes());
    if (product.beta != 0) require("C", product.c_data, c.bytes());
    require("D", product.d_data, product.d.bytes());
    if (product.bias != nullptr) require("a bias", product.bias, product.d.rows * bytes_of(product.bias_type));
    if (workspace_bytes > 0) require("a workspace", workspace, workspace_bytes);
    if (card.status != SUCCESS) return;
    memset(workspace, 0xFF, workspace_bytes);
    product.run();
}

CALL cublasLtMatmul(
    void* library, void* description_handle, const float* alpha, const void* a, void* a_layout, const void* b, void* b_layout, const float* beta, const void* c, void* c_layout, void* d, void* d_layout,
    const Algorithm* algorithm, void* workspace, size_t workspace_bytes, void* stream_handle)
{
    Call call;
    auto stream = call.stream(stream_handle);
    if (call.refused()) return execution_failed;
    auto description = find(descriptions, description_handle);
    Matrices matrices(a_layout, b_layout, c_layout, d_layout);
    if (find(libraries, library) == nullptr || description == nullptr || !matrices.known() || alpha == nullptr || beta == nullptr || algorithm == nullptr) return refuse(invalid_value, "handles of other things");
    std::string why = wrong(*algorithm, *description, matrices, {a, b, c, d}, workspace, workspace_bytes);
    if (!why.empty()) return refuse(invalid_value, why);

    const void* bias = description->epilogue == adds_bias ? description->bias : nullptr;
    Product product{*matrices.a, *matrices.b, *matrices.d, a, b, c, d, bias, bias_type(matrices), *alpha, *beta};
    auto task = [product, c = *matrices.c, workspace, bytes = algorithm->workspace_bytes] { run_product(product, c, workspace, bytes); };
    return card.enqueue(stream, task) == SUCCESS ? SUCCESS : execution_failed;
}
