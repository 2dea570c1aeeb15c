using System.Buffers.Binary;

namespace Folio.Compute.Cpu.Emit;

/// <summary>Registers for addresses and counters.</summary>
internal enum Gp { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15 }

/// <summary>A place in memory: a register plus so many bytes.</summary>
/// <param name="Broadcast">One value of 32 bits there stands for all lanes; AVX-512 only.</param>
internal readonly record struct Mem(Gp Base, int Offset, bool Broadcast = false);

/// <summary>A vector instruction: its opcode, the map of opcodes that it stands in and the prefix that it takes (Intel's manual, volume 2, chapter 2).</summary>
internal readonly record struct VectorOp(OpcodeMap Map, Prefix Prefix, byte Opcode)
{
    public static readonly VectorOp Load = new(OpcodeMap.M0F, Prefix.None, 0x10);              // vmovups
    public static readonly VectorOp Store = new(OpcodeMap.M0F, Prefix.None, 0x11);
    public static readonly VectorOp Multiply = new(OpcodeMap.M0F, Prefix.None, 0x59);          // vmulps
    public static readonly VectorOp ToSingle = new(OpcodeMap.M0F, Prefix.None, 0x5B);          // vcvtdq2ps
    public static readonly VectorOp And = new(OpcodeMap.M0F, Prefix.P66, 0xDB);                // vpand, vpandd
    public static readonly VectorOp AndNot = new(OpcodeMap.M0F, Prefix.P66, 0xDF);             // vpandn, vpandnd: a = ~b & c
    public static readonly VectorOp Or = new(OpcodeMap.M0F, Prefix.P66, 0xEB);                 // vpor, vpord
    public static readonly VectorOp Xor = new(OpcodeMap.M0F, Prefix.P66, 0xEF);                // vpxor, vpxord
    public static readonly VectorOp MultiplyAddWords = new(OpcodeMap.M0F, Prefix.P66, 0xF5);   // vpmaddwd
    public static readonly VectorOp AddWords = new(OpcodeMap.M0F, Prefix.P66, 0xFD);           // vpaddw
    public static readonly VectorOp AddInts = new(OpcodeMap.M0F, Prefix.P66, 0xFE);            // vpaddd
    public static readonly VectorOp MultiplyAddBytes = new(OpcodeMap.M0F38, Prefix.P66, 0x04); // vpmaddubsw
    public static readonly VectorOp Sign = new(OpcodeMap.M0F38, Prefix.P66, 0x08);             // vpsignb
    public static readonly VectorOp HalfToSingle = new(OpcodeMap.M0F38, Prefix.P66, 0x13);     // vcvtph2ps
    public static readonly VectorOp BroadcastSingle = new(OpcodeMap.M0F38, Prefix.P66, 0x18);  // vbroadcastss
    public static readonly VectorOp Abs = new(OpcodeMap.M0F38, Prefix.P66, 0x1C);              // vpabsb
    public static readonly VectorOp BytesToInts = new(OpcodeMap.M0F38, Prefix.P66, 0x21);      // vpmovsxbd
    public static readonly VectorOp DotBytes = new(OpcodeMap.M0F38, Prefix.P66, 0x50);         // vpdpbusd
    public static readonly VectorOp DotPairs = new(OpcodeMap.M0F38, Prefix.F3, 0x52);          // vdpbf16ps, AVX-512 only
    public static readonly VectorOp BroadcastInt = new(OpcodeMap.M0F38, Prefix.P66, 0x58);     // vpbroadcastd
    public static readonly VectorOp MultiplyAdd213 = new(OpcodeMap.M0F38, Prefix.P66, 0xA8);   // vfmadd213ps: a = b · a + c
    public static readonly VectorOp MultiplyAdd231 = new(OpcodeMap.M0F38, Prefix.P66, 0xB8);   // vfmadd231ps: a = b · c + a
}

internal enum OpcodeMap : byte { M0F = 1, M0F38 = 2 }

internal enum Prefix : byte { None, P66, F3, F2 }

/// <summary>Writes x86-64 machine code: vector instructions of one width, and what a loop needs.</summary>
/// <param name="vectorBytes">32 or 64.</param>
/// <param name="evex">AVX-512's encoding, with 32 registers, for 32 bytes too; else those take VEX, with 16.</param>
internal sealed partial class X64Assembler(int vectorBytes, bool evex = false)
{
    private const int Unused = 0;

    private readonly List<byte> _code = [];

    public int VectorBytes => vectorBytes;

    private bool Evex => vectorBytes == 64 || evex;

    public byte[] ToArray() => [.. _code];

    /// <summary>a = op(b, c).</summary>
    public void Op(VectorOp op, int a, int b, int c)
    {
        if (Evex) Write(0x62, (byte)(Not(a, 3) << 7 | Not(c, 4) << 6 | Not(c, 3) << 5 | Not(a, 4) << 4 | (int)op.Map), Middle(op, b), EvexEnd(b, broadcast: false), op.Opcode);
        else Write(0xC4, (byte)(Not(a, 3) << 7 | 1 << 6 | Not(c, 3) << 5 | (int)op.Map), Middle(op, b), op.Opcode);
        Write((byte)(0xC0 | (a & 7) << 3 | c & 7));
    }

    /// <summary>a = op(b, memory).</summary>
    public void Op(VectorOp op, int a, int b, Mem memory)
    {
        int at = (int)memory.Base;
        if (Evex) Write(0x62, (byte)(Not(a, 3) << 7 | 1 << 6 | Not(at, 3) << 5 | Not(a, 4) << 4 | (int)op.Map), Middle(op, b), EvexEnd(b, memory.Broadcast), op.Opcode);
        else Write(0xC4, (byte)(Not(a, 3) << 7 | 1 << 6 | Not(at, 3) << 5 | (int)op.Map), Middle(op, b), op.Opcode);
        Address(a, memory, mayBeShort: !Evex); // EVEX scales short offsets
    }

    /// <summary>a = op(b).</summary>
    public void Op(VectorOp op, int a, int b) => Op(op, a, Unused, b);

    /// <summary>a = op(memory), or memory = a for a store.</summary>
    public void Op(VectorOp op, int a, Mem memory) => Op(op, a, Unused, memory);

    /// <summary>a = b shifted right by so many bits, each lane of 32 bits by itself.</summary>
    public void ShiftRight(int a, int b, byte bits) => Shift(2, a, b, bits);

    public void ShiftLeft(int a, int b, byte bits) => Shift(6, a, b, bits);

    /// <summary>The same with copies of the sign coming in.</summary>
    public void ShiftRightSigned(int a, int b, byte bits) => Shift(4, a, b, bits);

    /// <param name="extension">Of the opcode: it stands where a register would.</param>
    private void Shift(int extension, int a, int b, byte bits)
    {
        Op(new(OpcodeMap.M0F, Prefix.P66, 0x72), extension, a, b);
        Write(bits);
    }

    /// <summary>All lanes of 32 bits of a = value.</summary>
    /// <param name="scratch">One of the first eight registers, overwritten.</param>
    public void Broadcast(int a, uint value, Gp scratch)
    {
        Write((byte)(0xB8 + (int)scratch));
        Write32((int)value);
        if (Evex)
        {
            Op(new(OpcodeMap.M0F38, Prefix.P66, 0x7C), a, (int)scratch); // vpbroadcastd from a general register
            return;
        }

        Write(0xC4, (byte)(Not(a, 3) << 7 | 1 << 6 | 1 << 5 | (int)OpcodeMap.M0F), 0x79, 0x6E, (byte)(0xC0 | (a & 7) << 3 | (int)scratch)); // vmovd, 128 bits
        Op(VectorOp.BroadcastInt, a, a);
    }

    /// <summary>The lower 128 bits of one of the first 16 vectors, to memory or from there; what is above them is cleared.</summary>
    /// <param name="op">A load or a store.</param>
    public void MoveLow(VectorOp op, int a, Mem memory)
    {
        Write(0xC4, (byte)(Not(a, 3) << 7 | 1 << 6 | Not((int)memory.Base, 3) << 5 | (int)op.Map), 15 << 3, op.Opcode);
        Address(a, memory, mayBeShort: true);
    }

    /// <summary>to = 64 bits at memory.</summary>
    public void Load(Gp to, Mem memory)
    {
        Write((byte)(0x48 | (int)to >> 3 << 2 | (int)memory.Base >> 3), 0x8B);
        Address((int)to, memory, mayBeShort: true);
    }

    /// <summary>64 bits at memory = from.</summary>
    public void Store(Mem memory, Gp from)
    {
        Write((byte)(0x48 | (int)from >> 3 << 2 | (int)memory.Base >> 3), 0x89);
        Address((int)from, memory, mayBeShort: true);
    }

    /// <summary>Starts loading a cache line. Any address will do: it is a hint.</summary>
    public void Prefetch(Mem memory)
    {
        if ((int)memory.Base >= 8) Write(0x41);
        Write(0x0F, 0x18);
        Address(1, memory, mayBeShort: true); // prefetcht0
    }

    public void Move(Gp to, Gp from) => Write((byte)(0x48 | (int)from >> 3 << 2 | (int)to >> 3), 0x89, (byte)(0xC0 | ((int)from & 7) << 3 | (int)to & 7));

    public void Set(Gp to, long value)
    {
        if ((int)value == value)
        {
            Set(to, (int)value);
            return;
        }

        Write((byte)(0x48 | (int)to >> 3), (byte)(0xB8 | (int)to & 7));
        Write32((int)value);
        Write32((int)(value >> 32));
    }

    public void Set(Gp to, int value)
    {
        Write((byte)(0x48 | (int)to >> 3), 0xC7, (byte)(0xC0 | (int)to & 7));
        Write32(value);
    }

    public void Add(Gp to, int value)
    {
        if (value == 0) return;
        Write((byte)(0x48 | (int)to >> 3), 0x81, (byte)(0xC0 | (int)to & 7));
        Write32(value);
    }

    public void And(Gp to, int value)
    {
        Write((byte)(0x48 | (int)to >> 3), 0x81, (byte)(0xE0 | (int)to & 7));
        Write32(value);
    }

    public void Add(Gp to, Gp value) => Write((byte)(0x48 | (int)value >> 3 << 2 | (int)to >> 3), 0x01, (byte)(0xC0 | ((int)value & 7) << 3 | (int)to & 7));

    public void Push(Gp register) => OfStack(0x50, register);

    public void Pop(Gp register) => OfStack(0x58, register);

    private void OfStack(int opcode, Gp register)
    {
        if ((int)register >= 8) Write(0x41);
        Write((byte)(opcode + ((int)register & 7)));
    }

    /// <summary>Where the next instruction goes, to jump to.</summary>
    public int Here => _code.Count;

    /// <summary>Counts down; jumps back while the counter isn't 0.</summary>
    public void Loop(Gp counter, int target)
    {
        Write((byte)(0x48 | (int)counter >> 3), 0xFF, (byte)(0xC8 | (int)counter & 7)); // dec
        Write(0x0F, 0x85);                                                                // jnz
        Write32(target - (Here + sizeof(int)));
    }

    /// <summary>The upper halves of vectors are cleared: older code in between would otherwise be slow.</summary>
    public void ZeroUpper() => Write(0xC5, 0xF8, 0x77);

    public void Return() => Write(0xC3);

    private static int Not(int register, int bit) => ~register >> bit & 1;

    /// <summary>The second operand and the prefix; the bit between them says 256 bits in VEX and is always set in EVEX.</summary>
    private static byte Middle(VectorOp op, int b) => (byte)((~b & 15) << 3 | 1 << 2 | (int)op.Prefix);

    private byte EvexEnd(int b, bool broadcast) => (byte)(vectorBytes / 32 << 5 | (broadcast ? 1 << 4 : 0) | Not(b, 4) << 3);

    private void Address(int register, Mem memory, bool mayBeShort)
    {
        bool isShort = mayBeShort && (sbyte)memory.Offset == memory.Offset;
        Write((byte)((isShort ? 0x40 : 0x80) | (register & 7) << 3 | (int)memory.Base & 7));
        if (memory.Base is Gp.Rsp or Gp.R12) Write(0x24); // their place says that one more byte follows: this base, no index
        if (isShort) Write((byte)memory.Offset);
        else Write32(memory.Offset);
    }

    private void Write(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    private void Write32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }
}
