using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Linear;

/// <summary>A packed matrix as kernels see it: <c>WeightRows</c> of weights.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct WeightRows(nint Codes, nint Groups, long Inputs);

/// <summary>Arguments of embed.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct EmbedArguments(WeightRows Table, nint Ids, nint Drawn, nint Y, int Columns, int YStride, int Accumulate);

/// <summary>Arguments of few_rows.cu and few_rows_mma.cu, and of many_rows.cu in its own: <c>LinearArguments</c> of linear.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct LinearArguments(nint X, WeightRows W, nint Bias, nint Y, int Rows, int Outputs, int XStride, int YStride, int Accumulate);

/// <summary>Arguments of many_rows.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ManyRowsArguments(LinearArguments Product, nint Sums, nint Arrived, int Segments);

/// <summary>Arguments of fp8_products.cu: rows to codes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct QuantizeRowsArguments(nint X, nint Codes, nint Scales, int Inputs, int XStride);

/// <summary>Arguments of fp8_products.cu: a product of codes to what it is worth.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ScaleProductArguments(nint Product, nint RowScales, nint OutputScales, nint Bias, nint Y, int Rows, int Outputs, int YStride, int Accumulate);
