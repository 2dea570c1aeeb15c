// C's functions as kernels call them: declared here, since <cmath> would be half of what is read for a kernel.
#pragma once

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

extern "C"
{
float fabsf(float), fmaf(float, float, float), fmaxf(float, float), fminf(float, float), copysignf(float, float);
float ceilf(float), floorf(float), rintf(float), roundf(float), truncf(float), ldexpf(float, int);
float sqrtf(float), expf(float), exp2f(float), expm1f(float), logf(float), log2f(float), log1pf(float), powf(float, float);
float sinf(float), cosf(float), tanhf(float), erff(float);
double fabs(double), fma(double, double, double), fmax(double, double), fmin(double, double), ceil(double), floor(double), rint(double), ldexp(double, int);
double sqrt(double), exp(double), log(double);
}
