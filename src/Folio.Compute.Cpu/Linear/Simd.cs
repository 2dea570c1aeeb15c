using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute.Cpu.Linear;

/// <summary>128-bit vectors: SSE, NEON; also the width in which single rows are looked up.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 4;
    public static int TileRows => 6;

    [MethodImpl(Inline)] public static Vector128<float> Load(void* source) => Vector128.Load((float*)source);
    [MethodImpl(Inline)] public static void Store(Vector128<float> value, void* destination) => value.Store((float*)destination);
    [MethodImpl(Inline)] public static Vector128<float> Broadcast(float value) => Vector128.Create(value);
    [MethodImpl(Inline)] public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    /// <remarks>Processors without a fused multiply-add (x86 before 2013) round twice rather than emulate: their answers differ in the last bits from other processors', not from batch to batch.</remarks>
    [MethodImpl(Inline)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Fma.IsSupported || AdvSimd.IsSupported ? Vector128.FusedMultiplyAdd(a, b, c) : a * b + c;

    [MethodImpl(Inline)] public static Vector128<float> And(Vector128<float> bits, uint mask) => (bits.AsUInt32() & Vector128.Create(mask)).AsSingle();
    [MethodImpl(Inline)] public static Vector128<float> Or(Vector128<float> a, Vector128<float> b) => a | b;
    [MethodImpl(Inline)] public static Vector128<float> ShiftLeft(Vector128<float> bits, int count) => (bits.AsUInt32() << count).AsSingle();
    [MethodImpl(Inline)] public static Vector128<float> ShiftRight(Vector128<float> bits, int count) => (bits.AsUInt32() >>> count).AsSingle();
    [MethodImpl(Inline)] public static Vector128<float> ShiftRightSigned(Vector128<float> bits, int count) => (bits.AsInt32() >> count).AsSingle();
    [MethodImpl(Inline)] public static Vector128<float> ToSingle(Vector128<float> bits) => Vector128.ConvertToSingle(bits.AsInt32());
    [MethodImpl(Inline)] public static Vector128<float> LoadInt16(void* source) => Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsInt16()).AsSingle();
    [MethodImpl(Inline)] public static Vector128<float> LoadInt8(void* source) => Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(uint*)source).AsSByte())).AsSingle();
}

/// <summary>256-bit vectors: AVX2.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 8;
    public static int TileRows => 6;

    [MethodImpl(Inline)] public static Vector256<float> Load(void* source) => Vector256.Load((float*)source);
    [MethodImpl(Inline)] public static void Store(Vector256<float> value, void* destination) => value.Store((float*)destination);
    [MethodImpl(Inline)] public static Vector256<float> Broadcast(float value) => Vector256.Create(value);
    [MethodImpl(Inline)] public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;
    [MethodImpl(Inline)] public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);
    [MethodImpl(Inline)] public static Vector256<float> And(Vector256<float> bits, uint mask) => (bits.AsUInt32() & Vector256.Create(mask)).AsSingle();
    [MethodImpl(Inline)] public static Vector256<float> Or(Vector256<float> a, Vector256<float> b) => a | b;
    [MethodImpl(Inline)] public static Vector256<float> ShiftLeft(Vector256<float> bits, int count) => (bits.AsUInt32() << count).AsSingle();
    [MethodImpl(Inline)] public static Vector256<float> ShiftRight(Vector256<float> bits, int count) => (bits.AsUInt32() >>> count).AsSingle();
    [MethodImpl(Inline)] public static Vector256<float> ShiftRightSigned(Vector256<float> bits, int count) => (bits.AsInt32() >> count).AsSingle();
    [MethodImpl(Inline)] public static Vector256<float> ToSingle(Vector256<float> bits) => Vector256.ConvertToSingle(bits.AsInt32());
    [MethodImpl(Inline)] public static Vector256<float> LoadInt16(void* source) => Vector256.WidenLower(Vector128.Load((short*)source).ToVector256Unsafe()).AsSingle();
    [MethodImpl(Inline)] public static Vector256<float> LoadInt8(void* source) => Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsSByte()).ToVector256Unsafe()).AsSingle();
}

/// <summary>512-bit vectors: AVX-512, 32 registers.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 16;
    public static int TileRows => 12;

    [MethodImpl(Inline)] public static Vector512<float> Load(void* source) => Vector512.Load((float*)source);
    [MethodImpl(Inline)] public static void Store(Vector512<float> value, void* destination) => value.Store((float*)destination);
    [MethodImpl(Inline)] public static Vector512<float> Broadcast(float value) => Vector512.Create(value);
    [MethodImpl(Inline)] public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;
    [MethodImpl(Inline)] public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);
    [MethodImpl(Inline)] public static Vector512<float> And(Vector512<float> bits, uint mask) => (bits.AsUInt32() & Vector512.Create(mask)).AsSingle();
    [MethodImpl(Inline)] public static Vector512<float> Or(Vector512<float> a, Vector512<float> b) => a | b;
    [MethodImpl(Inline)] public static Vector512<float> ShiftLeft(Vector512<float> bits, int count) => (bits.AsUInt32() << count).AsSingle();
    [MethodImpl(Inline)] public static Vector512<float> ShiftRight(Vector512<float> bits, int count) => (bits.AsUInt32() >>> count).AsSingle();
    [MethodImpl(Inline)] public static Vector512<float> ShiftRightSigned(Vector512<float> bits, int count) => (bits.AsInt32() >> count).AsSingle();
    [MethodImpl(Inline)] public static Vector512<float> ToSingle(Vector512<float> bits) => Vector512.ConvertToSingle(bits.AsInt32());
    [MethodImpl(Inline)] public static Vector512<float> LoadInt16(void* source) => Vector512.WidenLower(Vector256.Load((short*)source).ToVector512Unsafe()).AsSingle();
    [MethodImpl(Inline)] public static Vector512<float> LoadInt8(void* source) => Vector512.WidenLower(Vector256.WidenLower(Vector128.Load((sbyte*)source).ToVector256Unsafe()).ToVector512Unsafe()).AsSingle();
}
