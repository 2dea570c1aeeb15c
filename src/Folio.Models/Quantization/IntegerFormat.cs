namespace Folio.Models;

/// <summary>How a quantiser names and lays out a linear layer's tensors: codes, zero points and scales, one of each of the latter for each output and group of inputs.</summary>
/// <param name="Codes">Endings of the tensors' names.</param>
/// <param name="GroupOfInput">A group for each input, int32 [inputs]; without it they take turns in runs.</param>
/// <param name="OutputsFirst">Matrices are stored as [outputs, inputs] and [outputs, groups]; else the other way round.</param>
/// <param name="PacksOutputs">A word of codes holds neighbouring outputs; else neighbouring inputs. Words of zero points always hold outputs.</param>
/// <param name="Interleaved">Numbers lie in a word in the order 0 2 4 6 1 3 5 7, from the lowest bits on; else ascending.</param>
internal sealed record IntegerFormat(string Name, string Codes, string Zeros, string Scales, string? GroupOfInput, bool OutputsFirst, bool PacksOutputs, bool Interleaved)
{
    /// <summary>AutoAWQ's version "gemm": qweight, int32 [inputs, outputs / 8], qzeros, int32 [groups, outputs / 8], scales, fp16 [groups, outputs].</summary>
    /// <remarks>Source: AutoAWQ's awq/modules/linear/gemm.py.</remarks>
    public static readonly IntegerFormat Awq = new("AWQ", "qweight", "qzeros", "scales", null, OutputsFirst: false, PacksOutputs: true, Interleaved: true);

    /// <summary>AutoGPTQ's and GPTQModel's: qweight, int32 [inputs / n, outputs], qzeros, int32 [groups, outputs / n], scales, fp16 [groups, outputs], with n = 32 / bits.</summary>
    /// <remarks>Source: AutoGPTQ's auto_gptq/nn_modules/qlinear/qlinear_cuda.py.</remarks>
    public static readonly IntegerFormat Gptq = new("GPTQ", "qweight", "qzeros", "scales", "g_idx", OutputsFirst: false, PacksOutputs: false, Interleaved: false);

    /// <summary>compressed-tensors' "pack-quantized": weight_packed, int32 [outputs, inputs / n], weight_zero_point, int32 [outputs / n, groups], weight_scale [outputs, groups].</summary>
    /// <remarks>Source: compressed-tensors' compressors/quantized_compressors/pack_quantized.py.</remarks>
    public static readonly IntegerFormat PackQuantized =
        new("compressed-tensors", "weight_packed", "weight_zero_point", "weight_scale", "weight_g_idx", OutputsFirst: true, PacksOutputs: false, Interleaved: false);
}
