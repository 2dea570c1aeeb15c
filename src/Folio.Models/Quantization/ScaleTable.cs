using System.Runtime.CompilerServices;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Scales: one for each output and group of inputs.</summary>
internal readonly unsafe struct ScaleTable
{
    private readonly TensorType _type;
    private readonly byte* _data;
    private readonly long _outputStride, _groupStride;

    /// <param name="outputsFirst">Stored as [outputs, groups]; else [groups, outputs].</param>
    public ScaleTable(StoredTensor tensor, string source, int outputs, int groups, bool outputsFirst)
    {
        tensor.ExpectType(source, TensorType.F16, TensorType.BF16, TensorType.F32);
        if (outputsFirst) tensor.ExpectShape(source, outputs, groups);
        else tensor.ExpectShape(source, groups, outputs);
        _type = tensor.Type;
        _data = tensor.Data;
        (_outputStride, _groupStride) = outputsFirst ? (groups, 1) : (1, outputs);
    }

    public float this[int output, int group]
    {
        get
        {
            long index = output * _outputStride + group * _groupStride;
            return _type switch
            {
                TensorType.F16 => (float)Unsafe.ReadUnaligned<Half>(_data + 2 * index),
                TensorType.BF16 => BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<ushort>(_data + 2 * index) << 16),
                _ => Unsafe.ReadUnaligned<float>(_data + 4 * index),
            };
        }
    }
}
