using System.Numerics;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Vector instructions: lane by lane, bits above the destination's width cleared.</summary>
internal sealed unsafe partial class Emulator
{
    private void ExecuteVector(in Instruction i)
    {
        if (i.HasOpMask || i.RoundingControl != RoundingControl.None || i.SuppressAllExceptions) throw NotKnown(i);
        switch (i.Mnemonic)
        {
            case Mnemonic.Vmovups when i.Op0Kind == OpKind.Memory:
                Vector(i.Op1Register).CopyTo(_memory.Write(Address(i), i.Op1Register.GetSize()));
                break;
            case Mnemonic.Vmovups: Each<byte, byte>(i, static a => a); break;
            case Mnemonic.Vmovd when i.Op0Register.IsXMM() && i.Op1Register.IsGPR32():
                Vector(i.Op0Register.GetNumber()).Clear();
                MemoryMarshal.Write(Vector(i.Op0Register.GetNumber()), (uint)General(i.Op1Register));
                break;
            case Mnemonic.Vpbroadcastd or Mnemonic.Vbroadcastss: BroadcastToLanes(i); break;

            case Mnemonic.Vpand or Mnemonic.Vpandd: Each<uint>(i, static (a, b) => a & b); break;
            case Mnemonic.Vpandn or Mnemonic.Vpandnd: Each<uint>(i, static (a, b) => ~a & b); break;
            case Mnemonic.Vpor or Mnemonic.Vpord: Each<uint>(i, static (a, b) => a | b); break;
            case Mnemonic.Vpxor or Mnemonic.Vpxord: Each<uint>(i, static (a, b) => a ^ b); break;
            case Mnemonic.Vpsrld when i.Op2Kind == OpKind.Immediate8: Each(i, ShiftedRight(i.Immediate8)); break;
            case Mnemonic.Vpsrad when i.Op2Kind == OpKind.Immediate8: Each(i, ShiftedRightSigned(i.Immediate8)); break;
            case Mnemonic.Vpslld when i.Op2Kind == OpKind.Immediate8: Each(i, ShiftedLeft(i.Immediate8)); break;
            case Mnemonic.Vpaddw: Each<short>(i, static (a, b) => (short)(a + b)); break;
            case Mnemonic.Vpaddd: Each<int>(i, static (a, b) => a + b); break;
            case Mnemonic.Vpabsb: Each<sbyte, byte>(i, static a => (byte)(a < 0 ? -a : a)); break;
            case Mnemonic.Vpsignb: Each<sbyte>(i, static (a, b) => (sbyte)(b < 0 ? -a : b == 0 ? 0 : a)); break;
            case Mnemonic.Vpmaddubsw: Each<ushort>(i, static (a, b) => Saturated(UnsignedTimesSigned(a, b, 0) + UnsignedTimesSigned(a, b, 1))); break;
            case Mnemonic.Vpmaddwd: Each<int>(i, static (a, b) => (short)a * (short)b + (a >> 16) * (b >> 16)); break;
            case Mnemonic.Vpdpbusd:
                Each<uint>(i, static (sum, a, b) => sum + (uint)(UnsignedTimesSigned(a, b, 0) + UnsignedTimesSigned(a, b, 1) + UnsignedTimesSigned(a, b, 2) + UnsignedTimesSigned(a, b, 3)));
                break;

            case Mnemonic.Vpmovsxbd: Each<sbyte, int>(i, static a => a); break;
            case Mnemonic.Vcvtdq2ps: Each<int, float>(i, static a => a); break;
            case Mnemonic.Vcvtph2ps: Each<ushort, uint>(i, SingleOfHalf); break;
            case Mnemonic.Vmulps: Each<float>(i, static (a, b) => a * b); break;
            case Mnemonic.Vfmadd213ps: Each<float>(i, static (a, b, c) => MathF.FusedMultiplyAdd(b, a, c)); break;
            case Mnemonic.Vfmadd231ps: Each<float>(i, static (a, b, c) => MathF.FusedMultiplyAdd(b, c, a)); break;
            case Mnemonic.Vdpbf16ps: Each<uint>(i, PairProduct); break;

            case Mnemonic.Vzeroupper:
                for (int register = 0; register < 16; register++) Vector(register)[16..].Clear();
                break;
            default: throw NotKnown(i);
        }
    }

    private static Func<uint, uint> ShiftedRight(int bits) => a => bits > 31 ? 0 : a >> bits;

    private static Func<int, int> ShiftedRightSigned(int bits) => a => a >> Math.Min(bits, 31);

    private static Func<uint, uint> ShiftedLeft(int bits) => a => bits > 31 ? 0 : a << bits;

    private static int UnsignedTimesSigned(uint a, uint b, int place) => (byte)(a >> 8 * place) * (sbyte)(b >> 8 * place);

    private static ushort Saturated(int value) => (ushort)Math.Clamp(value, short.MinValue, short.MaxValue);

    /// <summary>sum + the products of two pairs of bf16, the upper ones first: each addition rounded to the nearest, numbers below the normal ones taken and given as zeros.</summary>
    public static uint PairProduct(uint sum, uint a, uint b)
    {
        float upper = Flushed(MathF.FusedMultiplyAdd(Flushed(a & 0xFFFF0000), Flushed(b & 0xFFFF0000), Flushed(sum)));
        return BitConverter.SingleToUInt32Bits(Flushed(MathF.FusedMultiplyAdd(Flushed(a << 16), Flushed(b << 16), upper)));
    }

    private static float Flushed(uint bits) => Flushed(BitConverter.UInt32BitsToSingle(bits));

    private static float Flushed(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;

    /// <summary>fp16 as fp32, exact; signalling NaNs become quiet.</summary>
    private static uint SingleOfHalf(ushort half)
    {
        uint sign = (uint)(half & 0x8000) << 16, exponent = (uint)half >> 10 & 31, fraction = (uint)half & 0x3FF;
        if (exponent == 31) return sign | 0x7F800000 | fraction << 13 | (fraction != 0 ? 0x400000u : 0);
        return sign | BitConverter.SingleToUInt32Bits(exponent == 0 ? MathF.ScaleB(fraction, -24) : MathF.ScaleB(1024 + fraction, (int)exponent - 25));
    }

    private Span<byte> Vector(int register) => _vectors.AsSpan(register * 64, 64);

    /// <summary>As many bytes as the name that it is called by has.</summary>
    private Span<byte> Vector(Register register) => Vector(register.GetNumber())[..register.GetSize()];

    /// <summary>destination = f(second operand), a lane of each at a time; the source is the narrower, the narrower its lanes.</summary>
    private void Each<TFrom, TTo>(in Instruction i, Func<TFrom, TTo> f) where TFrom : unmanaged where TTo : unmanaged
    {
        Span<byte> bytes = stackalloc byte[64], room = stackalloc byte[64];
        Span<TTo> to = MemoryMarshal.Cast<byte, TTo>(bytes[..i.Op0Register.GetSize()]);
        ReadOnlySpan<TFrom> from = Lanes<TFrom>(i, 1, to.Length, room);
        for (int lane = 0; lane < to.Length; lane++) to[lane] = f(from[lane]);
        Write(i, bytes);
    }

    /// <summary>destination = f(second operand, third operand).</summary>
    private void Each<T>(in Instruction i, Func<T, T, T> f) where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[64], roomB = stackalloc byte[64], roomC = stackalloc byte[64];
        Span<T> to = MemoryMarshal.Cast<byte, T>(bytes[..i.Op0Register.GetSize()]);
        ReadOnlySpan<T> b = Lanes<T>(i, 1, to.Length, roomB), c = Lanes<T>(i, 2, to.Length, roomC);
        for (int lane = 0; lane < to.Length; lane++) to[lane] = f(b[lane], c[lane]);
        Write(i, bytes);
    }

    /// <summary>destination = f(destination, second operand, third operand).</summary>
    private void Each<T>(in Instruction i, Func<T, T, T, T> f) where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[64], roomB = stackalloc byte[64], roomC = stackalloc byte[64];
        Span<T> to = MemoryMarshal.Cast<byte, T>(bytes[..i.Op0Register.GetSize()]);
        ReadOnlySpan<T> a = Lanes<T>(i, 0, to.Length, default), b = Lanes<T>(i, 1, to.Length, roomB), c = Lanes<T>(i, 2, to.Length, roomC);
        for (int lane = 0; lane < to.Length; lane++) to[lane] = f(a[lane], b[lane], c[lane]);
        Write(i, bytes);
    }

    /// <summary>All lanes of 32 bits = one of them, from a vector, a general register or memory.</summary>
    private void BroadcastToLanes(in Instruction i)
    {
        uint value = i.Op1Kind == OpKind.Register && i.Op1Register.IsGPR32() ? (uint)General(i.Op1Register) : Lanes<uint>(i, 1, 1, default)[0];
        Span<byte> bytes = stackalloc byte[64];
        MemoryMarshal.Cast<byte, uint>(bytes).Fill(value);
        Write(i, bytes);
    }

    /// <param name="room">Where a broadcast operand is spread out.</param>
    private ReadOnlySpan<T> Lanes<T>(in Instruction i, int operand, int count, Span<byte> room) where T : unmanaged
    {
        int bytes = count * sizeof(T);
        if (i.GetOpKind(operand) == OpKind.Register) return MemoryMarshal.Cast<byte, T>(Vector(i.GetOpRegister(operand))[..bytes]);
        if (!i.IsBroadcast)
        {
            if (i.MemorySize.GetSize() != bytes) throw NotKnown(i);
            return MemoryMarshal.Cast<byte, T>(_memory.Read(Address(i), bytes));
        }

        if (i.MemorySize.GetElementSize() > sizeof(uint)) throw NotKnown(i);
        MemoryMarshal.Cast<byte, uint>(room).Fill(MemoryMarshal.Read<uint>(_memory.Read(Address(i), sizeof(uint))));
        return MemoryMarshal.Cast<byte, T>(room[..bytes]);
    }

    private void Write(in Instruction i, ReadOnlySpan<byte> bytes)
    {
        Span<byte> to = Vector(i.Op0Register.GetNumber());
        int size = i.Op0Register.GetSize();
        bytes[..size].CopyTo(to);
        to[size..].Clear();
    }
}
