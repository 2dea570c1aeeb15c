using System.Runtime.InteropServices;
using Folio.Compute.Blocks;
using Folio.Compute.Cpu.Kept;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu;

/// <summary>Weights: packing, matrix product, look-up.</summary>
public sealed unsafe partial class CpuBackend
{
    public override Weight Pack(params ReadOnlySpan<WeightSource> parts)
    {
        WeightSource first = parts[0];
        int outputs = 0;
        foreach (WeightSource part in parts)
        {
            part.Check(first);
            outputs = checked(outputs + part.Rows);
        }

        var ops = PanelOps.For(first.Type, _isa);
        long panelBytes = ops.PanelBytes(first.Columns), bytes = Panel.Count(outputs) * panelBytes;
        Guid key = _loading is null ? default : KeptWeights.KeyOf(parts);
        byte* panels = _loading is null ? null : _loading.Find(key, bytes);
        if (panels == null)
        {
            panels = (byte*)_arena.Allocate(bytes);
            Pack(parts, Panel.Count(outputs), panels, panelBytes);
            _loading?.Add(key, panels, bytes);
        }

        return new PackedWeight(first.Type, outputs, first.Columns, ops, ProductFor(first.Type, ops), panels);
    }

    public override void Embed(Weight table, Indices ids, Tensor y, bool accumulate = false)
    {
        if (ids.Length > y.Rows || y.Columns != table.Columns) throw Mismatch($"[{ids.Length}] ids", table, y);
        foreach (int id in ids.Values) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)table.Rows, nameof(ids));

        var weight = (PackedWeight)table;
        fixed (int* first = ids.Values)
        {
            weight.Ops.LookUp(_team, new()
            {
                Panels = weight.Panels,
                PanelBytes = weight.PanelBytes,
                Columns = weight.Columns,
                Ids = first,
                Rows = ids.Length,
                Y = (float*)y.Data,
                YStride = y.Stride,
                Accumulate = accumulate,
            });
        }
    }

    public override void Linear(Tensor x, Weight w, Tensor bias, Tensor y, bool accumulate = false)
    {
        if (x.Columns != w.Columns || y.Columns != w.Rows || x.Rows != y.Rows) throw Mismatch($"[{x.Rows}, {x.Columns}]", w, y);
        if (bias.Data != 0 && bias.Columns != w.Rows) throw Mismatch($"bias [{bias.Columns}]", w, y);

        var weight = (PackedWeight)w;
        var arguments = new LinearArguments
        {
            Panels = weight.Panels,
            PanelBytes = weight.PanelBytes,
            Outputs = weight.Rows,
            Columns = weight.Columns,
            X = (float*)x.Data,
            XStride = x.Stride,
            Rows = x.Rows,
            Bias = (float*)bias.Data,
            Y = (float*)y.Data,
            YStride = y.Stride,
            Accumulate = accumulate,
        };
        weight.Product.Multiply(_team, arguments, _rearranged.AtLeast(weight.Product.ScratchBytes(x.Rows, x.Columns)));
    }

    /// <summary>Kernels are emitted when the first weight of a type comes.</summary>
    private ProductOps ProductFor(DType type, PanelOps plain)
    {
        if (_products.TryGetValue(type, out ProductOps? product)) return product;
        if (_activations == CpuActivations.Rounded) product = RoundedOps.For(type, _isa, _code, _tileChoices);
        return _products[type] = product ?? FloatOps.TryCreate(type, _isa, _activations, _code) ?? (ProductOps)plain;
    }

    private void Pack(ReadOnlySpan<WeightSource> parts, int panelCount, byte* panels, long panelBytes)
    {
        (DType type, int columns) = (parts[0].Type, parts[0].Columns);
        StoredRows* stored = stackalloc StoredRows[parts.Length];
        PackArguments arguments = new() { Parts = stored, PartCount = parts.Length, Columns = columns, Panels = panels, PanelBytes = panelBytes };
        arguments.RowBytes = (long)columns / QuantizedBlocks.BlockSize(type) * QuantizedBlocks.BlockBytes(type);
        try
        {
            for (int i = 0; i < parts.Length; i++)
            {
                stored[i] = new() { Data = (byte*)parts[i].Data, Rows = parts[i].Rows, Transposed = parts[i].Transposed };
                if (parts[i].Reader is not { } reader) continue;
                stored[i].Reader = new(reader);
                if (arguments.Made == null) arguments.Made = (byte*)NativeMemory.Alloc((nuint)(_team.Threads * Panel.Lanes * arguments.RowBytes));
            }

            Pack(type, panelCount, arguments);
        }
        finally
        {
            NativeMemory.Free(arguments.Made);
            for (int i = 0; i < parts.Length; i++) stored[i].Reader.Dispose();
        }
    }

    private void Pack(DType type, int panels, in PackArguments arguments)
    {
        switch (type)
        {
            case DType.F32: _team.Run(panels, new PackNumbersJob<uint>(arguments)); break;
            case DType.F16 or DType.BF16: _team.Run(panels, new PackNumbersJob<ushort>(arguments)); break;
            case DType.Q8_0: _team.Run(panels, new PackBlocksJob<Q8_0>(arguments)); break;
            case DType.Q4_0: _team.Run(panels, new PackBlocksJob<Q4_0>(arguments)); break;
            case DType.Q4_1: _team.Run(panels, new PackBlocksJob<Q4_1>(arguments)); break;
            case DType.Q5_0: _team.Run(panels, new PackBlocksJob<Q5_0>(arguments)); break;
            case DType.Q5_1: _team.Run(panels, new PackBlocksJob<Q5_1>(arguments)); break;
            case DType.Q2_K: _team.Run(panels, new PackBlocksJob<Q2_K>(arguments)); break;
            case DType.Q3_K: _team.Run(panels, new PackBlocksJob<Q3_K>(arguments)); break;
            case DType.Q4_K: _team.Run(panels, new PackBlocksJob<Q4_K>(arguments)); break;
            case DType.Q5_K: _team.Run(panels, new PackBlocksJob<Q5_K>(arguments)); break;
            case DType.Q6_K: _team.Run(panels, new PackBlocksJob<Q6_K>(arguments)); break;
        }
    }

    private static ArgumentException Mismatch(string x, Weight w, Tensor y) => new($"{x} and a weight [{w.Rows}, {w.Columns}] don't give [{y.Rows}, {y.Columns}].");
}
