// A launch of an emulated kernel, as its caller describes it.
#pragma once

// Which of the threads that could go on does.
enum class Order { Ascending, Descending, Random };

struct Launch
{
    unsigned grid_x, grid_y, grid_z;
    unsigned threads;
    unsigned shared_bytes;
    Order order;
    unsigned seed;
};
