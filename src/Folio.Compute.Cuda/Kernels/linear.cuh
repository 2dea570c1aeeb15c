// What the kernels of products are told: x [rows, inputs] in X, y [rows, outputs].
//
// Left open: X, and weights.cuh's.
#pragma once
#include "weights.cuh"

struct LinearArguments
{
    const X* x;
    WeightRows w;
    const float* bias;  // null: none
    float* y;
    int rows, outputs, x_stride, y_stride, accumulate;
};
