// Matrix products over the card's memory, as cuBLASLt describes them: matrices by columns, D [m, n] = alpha · op(A) [m, k] · B [k, n] + beta · C [m, n] + bias [m].
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

// cudaDataType_t
constexpr int fp32 = 0, fp16 = 2, bf16 = 14, e4m3 = 28;

inline size_t bytes_of(int type) { return type == fp32 ? 4 : type == e4m3 ? 1 : 2; }

struct Matrix
{
    int type;
    uint64_t rows, columns;
    int64_t stride;   // values from column to column

    // From its first value to behind its last.
    size_t bytes() const { return ((columns - 1) * stride + rows) * bytes_of(type); }
    bool operator==(const Matrix& other) const { return type == other.type && rows == other.rows && columns == other.columns && stride == other.stride; }
};

inline float read_e4m3(unsigned code)
{
    int exponent = code >> 3 & 15, mantissa = code & 7;
    float value = (code & 127) == 127 ? NAN : exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    return code > 127 ? -value : value;
}

inline float read(int type, const void* from, size_t index)
{
    switch (type)
    {
        case fp32: return static_cast<const float*>(from)[index];
        case fp16: return static_cast<float>(static_cast<const _Float16*>(from)[index]);
        case e4m3: return read_e4m3(static_cast<const uint8_t*>(from)[index]);
    }

    uint32_t bits = static_cast<uint32_t>(static_cast<const uint16_t*>(from)[index]) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// fp32, fp16 or bf16.
inline void write(int type, void* to, size_t index, float value)
{
    if (type == fp32) { static_cast<float*>(to)[index] = value; return; }
    if (type == fp16) { static_cast<_Float16*>(to)[index] = static_cast<_Float16>(value); return; }
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    static_cast<uint16_t*>(to)[index] = value != value ? 0x7FFF : static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// [columns, rows], or transposed [rows, columns].
inline std::vector<float> read(const Matrix& matrix, const void* from)
{
    std::vector<float> values(matrix.rows * matrix.columns);
    for (size_t column = 0; column < matrix.columns; column++)
        for (size_t row = 0; row < matrix.rows; row++) values[column * matrix.rows + row] = read(matrix.type, from, column * matrix.stride + row);
    return values;
}

struct Product
{
    Matrix a, b, d;       // a transposed: [k, m]; C is as D
    const void *a_data, *b_data, *c_data;
    void* d_data;
    const void* bias;     // null: none
    int bias_type;
    float alpha, beta;

    void run() const
    {
        std::vector<float> left = read(a, a_data), right = read(b, b_data);
        for (size_t column = 0; column < d.columns; column++)
            for (size_t row = 0; row < d.rows; row++)
            {
                float sum = alpha * dot(&left[row * a.rows], &right[column * b.rows], a.rows);
                size_t at = column * d.stride + row;
                if (beta != 0) sum += beta * read(d.type, c_data, at); // else it may be anything
                if (bias != nullptr) sum += read(bias_type, bias, row);
                write(d.type, d_data, at, sum);
            }
    }

private:
    static float dot(const float* x, const float* y, size_t count)
    {
        float sums[8] = {}, sum = 0;
        size_t i = 0;
        for (; i + 8 <= count; i += 8)
            for (size_t j = 0; j < 8; j++) sums[j] += x[i + j] * y[i + j];
        for (; i < count; i++) sum += x[i] * y[i];
        for (float part : sums) sum += part;
        return sum;
    }
};
