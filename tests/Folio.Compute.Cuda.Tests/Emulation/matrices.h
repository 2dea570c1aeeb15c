// ldmatrix and mma.sync, fragment by fragment as the PTX ISA lays them out ("Matrix fragments for mma.m16n8k16 with floating point type").
#pragma once

struct Registers { uint32 r[4]; };

template <class T> Registers load_fragments(const char* name, int line, Shared<T> row, bool transposed)
{
    if (reinterpret_cast<size_t>(row.p) % 16 != 0) findings.add("%s (line %d): thread %d gives an address that is no multiple of 16", name, line, block.current);
    shared_memory.read(row.p, 16);
    return block.together<const T*, Registers>(name, line, all_lanes, row.p, [transposed](const T* const* rows, Registers* out, uint32)
    {
        auto at = [rows](int matrix, int row, int column) -> uint32
        {
            uint16 value;
            memcpy(&value, reinterpret_cast<const char*>(rows[matrix * 8 + row]) + column * 2, 2);
            return value;
        };
        for (int lane = 0; lane < warp_size; lane++)
            for (int matrix = 0; matrix < 4; matrix++)
            {
                int i = lane / 4, j = lane % 4 * 2;
                out[lane].r[matrix] = transposed ? at(matrix, j, i) | at(matrix, j + 1, i) << 16 : at(matrix, i, j) | at(matrix, i, j + 1) << 16;
            }
    });
}

template <class T> void load_matrices(uint32 (&r)[4], Shared<T> row, LINE)
{
    Registers loaded = load_fragments("ldmatrix", line, row, false);
    memcpy(r, loaded.r, sizeof r);
}

template <class T> void load_matrices_transposed(uint32 (&r)[4], Shared<T> row, LINE)
{
    Registers loaded = load_fragments("ldmatrix.trans", line, row, true);
    memcpy(r, loaded.r, sizeof r);
}

struct ProductIn { float d[4]; uint32 a[4]; uint32 b[2]; };
struct ProductOut { float d[4]; };

template <class T> void multiply_add(float (&d)[4], const uint32 (&a)[4], uint32 b0, uint32 b1, LINE)
{
    ProductIn mine = {{d[0], d[1], d[2], d[3]}, {a[0], a[1], a[2], a[3]}, {b0, b1}};
    ProductOut result = block.together<ProductIn, ProductOut>("mma.sync", line, all_lanes, mine, [](const ProductIn* in, ProductOut* out, uint32)
    {
        static float a[16][16], b[16][8];
        for (int lane = 0; lane < warp_size; lane++)
        {
            int group = lane / 4, pair = lane % 4 * 2;
            for (int half = 0; half < 2; half++)
            {
                a[group][pair + half] = half_of<T>(in[lane].a[0], half);
                a[group + 8][pair + half] = half_of<T>(in[lane].a[1], half);
                a[group][pair + 8 + half] = half_of<T>(in[lane].a[2], half);
                a[group + 8][pair + 8 + half] = half_of<T>(in[lane].a[3], half);
                b[pair + half][group] = half_of<T>(in[lane].b[0], half);
                b[pair + 8 + half][group] = half_of<T>(in[lane].b[1], half);
            }
        }

        for (int lane = 0; lane < warp_size; lane++)
            for (int i = 0; i < 4; i++)
            {
                int row = lane / 4 + (i >= 2 ? 8 : 0), column = lane % 4 * 2 + i % 2;
                float sum = 0;
                for (int k = 0; k < 16; k++) sum += a[row][k] * b[k][column];
                out[lane].d[i] = in[lane].d[i] + sum;
            }
    });
    memcpy(d, result.d, sizeof d);
}
