namespace Folio.Models;

/// <summary>How a quantiser names and lays out a linear layer's tensors: codes, zero points and scales, one of each of the latter for each output and group of inputs.</summary>
/// <param name="Codes">Endings of the tensors' names.</param>
/// <param name="OutputsFirst">Matrices are stored as [outputs, inputs] and [outputs, groups]; else the other way round.</param>
/// <param name="PacksOutputs">A word of codes holds neighbouring outputs; else neighbouring inputs. Words of zero points always hold outputs.</param>
/// <param name="Interleaved">Numbers lie in a word in the order 0 2 4 6 1 3 5 7, from the lowest bits on; else ascending.</param>
internal sealed record IntegerFormat(string Name, string Codes, string Zeros, string Scales, bool OutputsFirst, bool PacksOutputs, bool Interleaved)
{
    /// <summary>AutoAWQ's version "gemm": qweight, int32 [inputs, outputs / 8], qzeros, int32 [groups, outputs / 8], scales, fp16 [groups, outputs].</summary>
    /// <remarks>Source: AutoAWQ's awq/modules/linear/gemm.py.</remarks>
    public static readonly IntegerFormat Awq = new("AWQ", "qweight", "qzeros", "scales", OutputsFirst: false, PacksOutputs: true, Interleaved: true);
}
