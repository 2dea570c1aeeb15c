using Folio.Compute.Cpu.Emit;
using Iced.Intel;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>What the assembler writes, read back by a disassembler.</summary>
public sealed class AssemblerTests
{
    private static readonly int[] s_offsets = [0, 1, 4, 64, 127, 128, 4096, 0x12345678, -1, -64, -128, -129, -4096];
    private static readonly Gp[] s_general = Enum.GetValues<Gp>();

    /// <param name="Narrow">How many times narrower than the destination the source is; 0: 128 bits.</param>
    private sealed record Form(VectorOp Op, string Vex, string Evex, int Sources, int Narrow = 1);

    private static readonly Form[] s_forms =
    [
        new(VectorOp.Load, "vmovups", "vmovups", 1),
        new(VectorOp.ToSingle, "vcvtdq2ps", "vcvtdq2ps", 1),
        new(VectorOp.Abs, "vpabsb", "vpabsb", 1),
        new(VectorOp.HalfToSingle, "vcvtph2ps", "vcvtph2ps", 1, Narrow: 2),
        new(VectorOp.BytesToInts, "vpmovsxbd", "vpmovsxbd", 1, Narrow: 0),
        new(VectorOp.BroadcastSingle, "vbroadcastss", "vbroadcastss", 1, Narrow: 0),
        new(VectorOp.BroadcastInt, "vpbroadcastd", "vpbroadcastd", 1, Narrow: 0),
        new(VectorOp.Multiply, "vmulps", "vmulps", 2),
        new(VectorOp.And, "vpand", "vpandd", 2),
        new(VectorOp.AndNot, "vpandn", "vpandnd", 2),
        new(VectorOp.Or, "vpor", "vpord", 2),
        new(VectorOp.Xor, "vpxor", "vpxord", 2),
        new(VectorOp.MultiplyAddWords, "vpmaddwd", "vpmaddwd", 2),
        new(VectorOp.AddWords, "vpaddw", "vpaddw", 2),
        new(VectorOp.AddInts, "vpaddd", "vpaddd", 2),
        new(VectorOp.MultiplyAddBytes, "vpmaddubsw", "vpmaddubsw", 2),
        new(VectorOp.Sign, "vpsignb", "", 2),
        new(VectorOp.DotBytes, "vpdpbusd", "vpdpbusd", 2),
        new(VectorOp.DotPairs, "", "vdpbf16ps", 2),
        new(VectorOp.MultiplyAdd213, "vfmadd213ps", "vfmadd213ps", 2),
        new(VectorOp.MultiplyAdd231, "vfmadd231ps", "vfmadd231ps", 2),
    ];

    [Theory, InlineData(32, false), InlineData(32, true), InlineData(64, true)]
    public void Vector_instructions_name_the_registers_asked_for(int vectorBytes, bool evex)
    {
        var listing = new Listing(vectorBytes, evex);
        foreach (Form form in listing.Forms)
        {
            foreach (int a in listing.Registers)
            {
                foreach (int c in listing.Registers)
                {
                    if (form.Sources == 1) listing.Add(asm => asm.Op(form.Op, a, c), $"{listing.Name(form)} {listing.Vector(a)},{listing.Vector(c, form.Narrow)}");
                    else foreach (int b in listing.Registers) listing.Add(asm => asm.Op(form.Op, a, b, c), $"{listing.Name(form)} {listing.Vector(a)},{listing.Vector(b)},{listing.Vector(c)}");
                }
            }
        }

        listing.Verify();
    }

    [Theory, InlineData(32, false), InlineData(32, true), InlineData(64, true)]
    public void Vector_instructions_name_the_memory_asked_for(int vectorBytes, bool evex)
    {
        var listing = new Listing(vectorBytes, evex);
        foreach (Gp general in s_general)
        {
            foreach (int offset in s_offsets)
            {
                int a = listing.Registers[^1], b = listing.Registers[^2];
                foreach (Form form in listing.Forms)
                {
                    if (form.Sources == 1) listing.Add(asm => asm.Op(form.Op, a, new Mem(general, offset)), $"{listing.Name(form)} {listing.Vector(a)},{Place(general, offset)}");
                    else listing.Add(asm => asm.Op(form.Op, a, b, new Mem(general, offset)), $"{listing.Name(form)} {listing.Vector(a)},{listing.Vector(b)},{Place(general, offset)}");
                }

                listing.Add(asm => asm.Op(VectorOp.Store, a, new Mem(general, offset)), $"vmovups {Place(general, offset)},{listing.Vector(a)}");
                if (evex) listing.Add(asm => asm.Op(VectorOp.DotBytes, a, b, new Mem(general, offset, Broadcast: true)), $"vpdpbusd {listing.Vector(a)},{listing.Vector(b)},{Place(general, offset)}{{1to{vectorBytes / 4}}}");
            }
        }

        listing.Verify();
    }

    [Theory, InlineData(32, false), InlineData(32, true), InlineData(64, true)]
    public void Shifts_and_constants_name_the_registers_asked_for(int vectorBytes, bool evex)
    {
        var listing = new Listing(vectorBytes, evex);
        foreach (int a in listing.Registers)
        {
            foreach (int b in listing.Registers) listing.Add(asm => asm.ShiftRight(a, b, 4), $"vpsrld {listing.Vector(a)},{listing.Vector(b)},4");
            foreach (int b in listing.Registers) listing.Add(asm => asm.ShiftRightSigned(a, b, 3), $"vpsrad {listing.Vector(a)},{listing.Vector(b)},3");
            foreach (int b in listing.Registers) listing.Add(asm => asm.ShiftLeft(a, b, 16), $"vpslld {listing.Vector(a)},{listing.Vector(b)},16");
            foreach (Gp scratch in s_general.Where(general => general < Gp.R8))
            {
                string general = Name(scratch).Replace('r', 'e');
                string[] lines = evex ? [$"vpbroadcastd {listing.Vector(a)},{general}"] : [$"vmovd xmm{a},{general}", $"vpbroadcastd ymm{a},xmm{a}"];
                listing.Add(asm => asm.Broadcast(a, 0x80808080, scratch), [$"mov {general},{unchecked((int)0x80808080)}", .. lines]);
            }
        }

        listing.Verify();
    }

    [Theory, InlineData(32, false), InlineData(32, true), InlineData(64, true)]
    public void The_lower_halves_of_vectors_move_to_the_memory_asked_for(int vectorBytes, bool evex)
    {
        var listing = new Listing(vectorBytes, evex);
        foreach (int vector in (int[])[0, 6, 15])
        {
            foreach (Gp general in s_general)
            {
                foreach (int offset in s_offsets)
                {
                    listing.Add(asm => asm.MoveLow(VectorOp.Store, vector, new Mem(general, offset)), $"vmovups {Place(general, offset)},xmm{vector}");
                    listing.Add(asm => asm.MoveLow(VectorOp.Load, vector, new Mem(general, offset)), $"vmovups xmm{vector},{Place(general, offset)}");
                }
            }
        }

        listing.Verify();
    }

    [Fact]
    public void Instructions_on_tiles_name_what_was_asked_for()
    {
        var listing = new Listing(64, evex: true);
        foreach (int tile in (int[])[0, 3, 7])
        {
            listing.Add(asm => asm.ZeroTile(tile), $"tilezero tmm{tile}");
            foreach (int b in (int[])[1, 5, 6]) listing.Add(asm => asm.DotPairTiles(tile, 2, b), $"tdpbf16ps tmm{tile},tmm2,tmm{b}");
            foreach (int b in (int[])[1, 5, 6]) listing.Add(asm => asm.DotTiles(tile, 2, b), $"tdpbsud tmm{tile},tmm2,tmm{b}");
            foreach (Gp stride in (Gp[])[Gp.Rax, Gp.Rdi, Gp.R12, Gp.R13])
            {
                foreach (Gp general in s_general)
                {
                    listing.Add(asm => asm.LoadTile(tile, new Mem(general, 4096), stride, 1), $"tileloadd tmm{tile},[{Name(general)}+{Name(stride)}+4096]");
                    listing.Add(asm => asm.StoreTile(tile, new Mem(general, -64), stride, 4), $"tilestored [{Name(general)}+{Name(stride)}*4-64],tmm{tile}");
                }
            }
        }

        foreach (Gp general in s_general)
        {
            foreach (int offset in s_offsets) listing.Add(asm => asm.ConfigureTiles(new Mem(general, offset)), $"ldtilecfg {Place(general, offset)}");
        }

        listing.Add(asm => asm.ReleaseTiles(), "tilerelease");
        listing.Verify();
    }

    [Fact]
    public void General_instructions_name_what_was_asked_for()
    {
        var listing = new Listing(32, evex: false);
        foreach (Gp a in s_general)
        {
            foreach (Gp b in s_general) listing.Add(asm => asm.Add(a, b), $"add {Name(a)},{Name(b)}");
            foreach (Gp b in s_general)
                foreach (int offset in s_offsets) listing.Add(asm => asm.Load(a, new Mem(b, offset)), $"mov {Name(a)},{Place(b, offset)}");
            foreach (int offset in s_offsets) listing.Add(asm => asm.Prefetch(new Mem(a, offset)), $"prefetcht0 {Place(a, offset)}");
            foreach (int value in s_offsets.Where(value => value != 0)) listing.Add(asm => asm.Add(a, value), $"add {Name(a)},{value}");
            foreach (int value in s_offsets) listing.Add(asm => asm.Set(a, value), $"mov {Name(a)},{value}");
            foreach (int value in s_offsets) listing.Add(asm => asm.And(a, value), $"and {Name(a)},{value}");
            listing.Add(asm => asm.Set(a, (long)int.MaxValue + 1), $"mov {Name(a)},{(long)int.MaxValue + 1}");
            foreach (Gp b in s_general) listing.Add(asm => asm.Move(a, b), $"mov {Name(a)},{Name(b)}");
            foreach (Gp b in s_general)
                foreach (int offset in s_offsets) listing.Add(asm => asm.Store(new Mem(b, offset), a), $"mov {Place(b, offset)},{Name(a)}");
            listing.Add(asm => asm.Push(a), $"push {Name(a)}");
            listing.Add(asm => asm.Pop(a), $"pop {Name(a)}");
            listing.Add(asm => asm.Loop(a, 0), $"dec {Name(a)}", "jne near 0");
        }

        listing.Add(asm => asm.Add(Gp.Rax, 0));
        listing.Add(asm => asm.ZeroUpper(), "vzeroupper");
        listing.Verify();
    }

    private static string Name(Gp general) => general.ToString().ToLowerInvariant();

    private static string Place(Gp general, int offset) => $"[{Name(general)}{offset:+0;-0;+0}]";

    /// <summary>Calls of an assembler, and the text that they should read as.</summary>
    private sealed class Listing(int vectorBytes, bool evex)
    {
        private readonly X64Assembler _asm = new(vectorBytes, evex);
        private readonly List<string> _expected = [];

        /// <summary>Lowest and highest of each bit of a register's number.</summary>
        public int[] Registers => evex ? [0, 7, 8, 15, 16, 31] : [0, 7, 8, 15];

        public IEnumerable<Form> Forms => s_forms.Where(form => Name(form).Length > 0);

        public string Name(Form form) => evex ? form.Evex : form.Vex;

        public string Vector(int register, int narrow = 1) => $"{(narrow == 0 ? 'x' : (vectorBytes / narrow) switch { 64 => 'z', 32 => 'y', _ => 'x' })}mm{register}";

        public void Add(Action<X64Assembler> call, params string[] lines)
        {
            call(_asm);
            _expected.AddRange(lines);
        }

        public void Verify()
        {
            Add(asm => asm.Return(), "ret");
            var formatter = new NasmFormatter();
            formatter.Options.NumberBase = NumberBase.Decimal;
            formatter.Options.SignedImmediateOperands = true;
            formatter.Options.ShowZeroDisplacements = true;
            formatter.Options.MemorySizeOptions = MemorySizeOptions.Never;
            Instruction[] actual = Emulator.Decode(_asm.ToArray());
            for (int i = 0; i < Math.Min(actual.Length, _expected.Count); i++)
            {
                var text = new StringOutput();
                formatter.Format(actual[i], text);
                Assert.Equal(_expected[i], text.ToStringAndReset());
            }

            Assert.Equal(_expected.Count, actual.Length);
        }
    }
}
