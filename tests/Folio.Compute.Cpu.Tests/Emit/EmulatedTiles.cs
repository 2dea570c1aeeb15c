using System.Runtime.InteropServices;
using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>The tiles that are emitted for a type and a level, emulated.</summary>
internal sealed unsafe class EmulatedTiles : IDisposable
{
    private readonly RoundedPanel _panel;
    private readonly int _maxRows, _maxSums, _lanes;
    private readonly Emulator[] _emulators; // for 1, 2, … rows
    private readonly GCHandle<EmulatedTiles> _self;
    private readonly Random _random = new(3);
    private readonly bool _windows;

    public EmulatedTiles(in RoundedPanel panel, DotIsa isa, bool windows = false)
    {
        (_panel, _windows) = (panel, windows);
        (_maxRows, _maxSums, _lanes) = EmittedOps.Limits(isa);
        Codes = [.. Enumerable.Range(1, _maxRows).Select(rows => RoundedKernelEmitter.Emit(_panel, isa, windows ? Abi.Windows : Abi.SystemV, rows, EmittedKernel.Vectors(rows, _maxSums, _lanes)))];
        _emulators = [.. Codes.Select(code => new Emulator(code))];
        _self = new(this);
        Ops = new RoundedOps<EmulatedKernel>(panel, RoundedKernelEmitter.Kind(panel, isa), new(_self));
    }

    /// <summary>For 1, 2, … rows.</summary>
    public byte[][] Codes { get; }

    public RoundedOps Ops { get; }

    public void Dispose() => _self.Dispose();

    private int Lanes(int rows) => _lanes * EmittedKernel.Vectors(rows, _maxSums, _lanes);

    private void Run(RoundedTile* tile, int rows) => _emulators[rows - 1].Call(tile, Memory(tile, rows, Lanes(rows)), _random, _windows);

    /// <summary>What <see cref="RoundedTile"/> says of a tile of so many rows and outputs, and not a byte more.</summary>
    private EmulatedMemory Memory(RoundedTile* tile, int rows, int lanes)
    {
        var memory = new EmulatedMemory().Readable(tile, sizeof(RoundedTile));
        int groups = _panel.Units * _panel.Groups, words = _panel.Units * _panel.UnitBytes / Panel.WordBytes;
        for (long block = 0; block < tile->Blocks; block++)
        {
            byte* scales = tile->Scales + block * _panel.BlockBytes, codes = tile->Words + block * _panel.BlockBytes, factors = tile->Factors + block * _panel.BlockBytes;
            memory.Readable(scales, lanes * sizeof(ushort));
            if (_panel.HasMins) memory.Readable(scales + _panel.MinsOffset, lanes * sizeof(ushort));
            for (int word = 0; word < words; word++) memory.Readable(codes + word * Panel.WordBytes, lanes * sizeof(uint));
            for (int group = 0; group < groups && _panel.HasFactors; group++)
            {
                memory.Readable(factors + group * Panel.Lanes, lanes);
                if (_panel.HasMins) memory.Readable(factors + _panel.MinFactorsOffset - _panel.FactorsOffset + group * Panel.Lanes, lanes);
            }
        }

        for (long unit = 0; unit < tile->Blocks * _panel.Units; unit++)
        {
            memory.Readable((byte*)tile->X + unit * tile->XStride, rows * RoundedPanel.UnitInputs);
            memory.Readable((byte*)tile->XScales + unit * tile->ScalesStride, rows * sizeof(float));
        }

        for (long group = 0; group < tile->Blocks * groups; group++) memory.Readable((byte*)tile->Corrections + group * tile->ScalesStride, rows * sizeof(int));
        for (int row = 0; row < rows; row++) memory.Writable(tile->Sums + row * Panel.Lanes, lanes * sizeof(float));
        return memory;
    }

    /// <summary>Stands where an emitted kernel would: a plain value, as those are.</summary>
    internal readonly struct EmulatedKernel(GCHandle<EmulatedTiles> tiles) : IRoundedKernel
    {
        public int MaxRows => tiles.Target._maxRows;

        public int Lanes(int rows) => tiles.Target.Lanes(rows);

        public void Run(RoundedTile* tile, int rows) => tiles.Target.Run(tile, rows);
    }
}
