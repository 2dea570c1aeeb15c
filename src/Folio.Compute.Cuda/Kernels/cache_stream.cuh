// Keys and values on their way from the pages to the matrix instructions, through a ring of slots in shared memory: those of the next slots are copied while one is used.
#pragma once
#include "kv_cache.cuh"

constexpr int tile_positions = 64;   // whose scores become weights together
constexpr int piece_positions = 16;  // of one step of a matrix instruction
constexpr int pieces = tile_positions / piece_positions;

using Columns = float[2][4]; // of matrix fragments: 16 positions

// Keys or values of 16 positions in shared memory, of the channels that a warp has.
template <int Pitch> struct Piece
{
    Shared<uint8> numbers;  // [16, Pitch]
    Shared<uint8> scales;   // [16, Pitch]: fp32, each at the beginning of its row

    // Each column by its position's scale: rounded, as the other warp of the row has it, before anything is added.
    DEVICE void scale(Columns& columns) const
    {
        if constexpr (has_scales)
        {
            int column = lane_index() % 4 * 2;
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++)
                {
                    float factor = load<float>(scales + (i * 8 + column + j) * Pitch);
                    columns[i][j] = __fmul_rn(columns[i][j], factor);
                    columns[i][j + 2] = __fmul_rn(columns[i][j + 2], factor);
                }
        }
    }
};

// Of one KV head, positions [first, end): tile by tile the keys, then the values, Rows positions in a slot. Threads, a warp's or a block's, copy them together, Bytes of each row.
template <int Rows, int Threads, int Ring, int Bytes> struct CacheStream
{
    static constexpr int pitch = Bytes + 16;      // an odd multiple of 16, so eight rows lie in eight groups of banks; scales have their place in it
    static constexpr int slot_bytes = Rows * pitch, ring_bytes = Ring * slot_bytes;
    static constexpr int parts = tile_positions / Rows;

    Shared<uint8> ring;     // [Ring, Rows, pitch]
    KvLayer cache;
    const int* table;
    int head, first, end;
    int thread, column;     // of those that copy; the first byte of a row that they take
    int begun = 0;

    DEVICE void begin()
    {
        for (int i = 0; i < Ring - 1; i++) begin_next();
    }

    // Begins to fill the next slot, and closes a group of copies in any case.
    DEVICE void begin_next()
    {
        int part = begun % (2 * parts), start = first + begun / (2 * parts) * tile_positions + part % parts * Rows;
        if (start < end)
        {
            bool values = part >= parts;
            Shared<uint8> slot = ring + begun % Ring * slot_bytes;
            constexpr int chunks = Bytes / 16;
#pragma unroll 2
            for (int i = thread; i < Rows * chunks; i += Threads)
            {
                int row = i / chunks, chunk = i % chunks * 16, position = start + row;
                bool valid = position < end;
                uint8* rows = cache.part(valid ? table[position / BLOCK_SIZE] : 0, head, values);
                copy_async(slot + (row * pitch + chunk), rows + position % BLOCK_SIZE * row_bytes + column + chunk, valid);
            }

            if constexpr (has_scales)
            {
                for (int row = thread; row < Rows; row += Threads)
                {
                    int position = start + row;
                    bool valid = position < end;
                    float* scales = KvLayer::scales(cache.part(valid ? table[position / BLOCK_SIZE] : 0, head, values));
                    copy_async<4>(slot + (row * pitch + Bytes), reinterpret_cast<uint8*>(scales + position % BLOCK_SIZE), valid);
                }
            }
        }

        copy_async_commit();
        begun++;
    }

    // Waits for a slot; slots are waited for in order. All who copy have left the one before it.
    DEVICE Shared<uint8> arrived(int index) const
    {
        copy_async_wait<Ring - 2>();
        if constexpr (Threads == 32) __syncwarp();
        else __syncthreads();
        return ring + index % Ring * slot_bytes;
    }

    // `own`: the first byte of a warp's channels.
    DEVICE static Piece<pitch> piece(Shared<uint8> slot, int index, int own)
    {
        Shared<uint8> rows = slot + index * piece_positions * pitch;
        return {rows + own, rows + Bytes};
    }
};
