using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Elementwise;

/// <summary>Arguments of rms_norm in norms.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct RmsNormArguments(nint X, nint Weight, nint Y, int Columns, int Groups, int XStride, int YStride, float Epsilon);

/// <summary>Arguments of layer_norm in norms.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct LayerNormArguments(nint X, nint Weight, nint Bias, nint Y, int Columns, int XStride, int YStride, float Epsilon);

/// <summary>Arguments of gather_rows in elementwise.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct GatherRowsArguments(nint X, nint Rows, nint Y, int Columns, int XStride, int YStride);

/// <summary>Arguments of activate in elementwise.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ActivateArguments(nint X, nint Up, nint Y, int Columns, int XStride, int YStride, Activation Function);

/// <summary>Arguments of add in elementwise.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct AddArguments(nint X, nint Y, int Columns, int XStride, int YStride);

/// <summary>Arguments of convert in elementwise.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ConvertArguments(nint X, nint Y, int Columns, int XStride, int YStride);
