using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Executes machine code as Intel's manual (volume 2) describes it: registers of its own, real memory. Knows the instructions that kernels are emitted with, and no others.</summary>
/// <remarks>So that tests run kernels of levels that their processor lacks. Bytes are read by Iced's decoder; nothing here is shared with what emits them.</remarks>
internal sealed unsafe partial class Emulator
{
    private const ulong Caller = 0xCA11; // where it returns to
    private const int StackBytes = 8192, MostSteps = 10_000_000;

    private static readonly Register[] s_preserved = [Register.RBX, Register.RBP, Register.RSP, Register.R12, Register.R13, Register.R14, Register.R15];
    private static readonly Register[] s_preservedOnWindows = [.. s_preserved, Register.RSI, Register.RDI];

    private readonly Instruction[] _code;
    private readonly Dictionary<ulong, int> _places = []; // where an instruction lies → which it is
    private readonly ulong[] _general = new ulong[16];
    private readonly byte[] _vectors = new byte[32 * 64];
    private readonly byte[] _stack = GC.AllocateArray<byte>(StackBytes, pinned: true);
    private EmulatedMemory _memory = new();
    private bool _zero; // the flag

    public Emulator(byte[] code)
    {
        _code = Decode(code);
        for (int i = 0; i < _code.Length; i++) _places[_code[i].IP] = i;
    }

    /// <summary>The instructions in the order of their bytes.</summary>
    public static Instruction[] Decode(byte[] code)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
        var instructions = new List<Instruction>();
        while (decoder.IP < (ulong)code.Length)
        {
            Instruction instruction = decoder.Decode();
            if (instruction.IsInvalid) throw new InvalidOperationException($"no instruction at byte {instruction.IP}: {Convert.ToHexString(code[(int)instruction.IP..])}");
            instructions.Add(instruction);
        }

        return [.. instructions];
    }

    /// <summary>Calls the code with one argument. Every register holds random bits at first, so code that relies on one is found out.</summary>
    /// <param name="memory">What the code may touch, besides its stack.</param>
    /// <param name="windows">As Windows does; else as Linux and macOS (System V).</param>
    public void Call(void* argument, EmulatedMemory memory, Random random, bool windows = false)
    {
        random.NextBytes(_vectors);
        random.NextBytes(MemoryMarshal.AsBytes(_general.AsSpan()));
        byte[] vectors = [.. _vectors];
        ReleaseTiles();
        Register[] preserved = windows ? s_preservedOnWindows : s_preserved;
        fixed (byte* stack = _stack)
        {
            _memory = memory.Writable(stack, StackBytes);
            General(windows ? Register.RCX : Register.RDI) = (ulong)argument;
            General(Register.RSP) = (ulong)stack + StackBytes;
            ulong[] before = [.. preserved.Select(register => General(register))];
            Push(Caller);
            Run();
            foreach ((Register register, ulong value) in preserved.Zip(before))
            {
                if (General(register) != value) throw new InvalidOperationException($"{register} is not what it was before the call");
            }
        }

        for (int register = 0; register < 16; register++)
        {
            if (Vector(register)[16..].ContainsAnyExcept((byte)0)) throw new InvalidOperationException($"the upper half of vector register {register} is left set");
            if (windows && register is >= 6 and <= 15 && !Vector(register)[..16].SequenceEqual(vectors.AsSpan(register * 64, 16))) throw new InvalidOperationException($"vector register {register} is not what it was before the call");
        }
    }

    private void Run()
    {
        int next = 0;
        for (int step = 0; step < MostSteps; step++)
        {
            ref readonly Instruction instruction = ref _code[next++];
            switch (instruction.Mnemonic)
            {
                case Mnemonic.Jne:
                    if (!_zero) next = _places[instruction.NearBranchTarget];
                    break;
                case Mnemonic.Ret:
                    ulong to = Pop();
                    if (_tilesInUse) throw new InvalidOperationException("tiles are left configured");
                    if (to != Caller) throw new InvalidOperationException($"returns to {to:x}: the stack is not as it was");
                    return;
                default:
                    if (!ExecuteGeneral(instruction) && !ExecuteTile(instruction)) ExecuteVector(instruction);
                    break;
            }
        }

        throw new InvalidOperationException($"no return after {MostSteps} instructions");
    }

    /// <returns>False: it isn't one of these.</returns>
    private bool ExecuteGeneral(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Mov when i.Op0Kind == OpKind.Memory && i.Op1Register.GetSize() == 8:
                MemoryMarshal.Write(_memory.Write(Address(i), 8), General(i.Op1Register));
                return true;
            case Mnemonic.Mov:
                General(i.Op0Register) = Operand(i, 1); // a register of 32 bits clears the upper half
                return true;
            case Mnemonic.Add:
                Result(i, General(i.Op0Register) + Operand(i, 1));
                return true;
            case Mnemonic.And:
                Result(i, General(i.Op0Register) & Operand(i, 1));
                return true;
            case Mnemonic.Dec:
                Result(i, General(i.Op0Register) - 1);
                return true;
            case Mnemonic.Push:
                Push(General(i.Op0Register));
                return true;
            case Mnemonic.Pop:
                General(i.Op0Register) = Pop();
                return true;
            case Mnemonic.Prefetcht0:
                return true; // a hint: it may name any address
            default:
                return false;
        }
    }

    /// <summary>Sums and differences set flags; of them only the one that tells zero is read here.</summary>
    private void Result(in Instruction i, ulong value)
    {
        if (i.Op0Register.GetSize() != 8) throw NotKnown(i);
        General(i.Op0Register) = value;
        _zero = value == 0;
    }

    private ulong Operand(in Instruction i, int operand) => i.GetOpKind(operand) switch
    {
        OpKind.Register when i.GetOpRegister(operand).GetSize() == 8 => General(i.GetOpRegister(operand)),
        OpKind.Memory when i.MemorySize.GetSize() == 8 => MemoryMarshal.Read<ulong>(_memory.Read(Address(i), 8)),
        OpKind.Immediate32 or OpKind.Immediate64 or OpKind.Immediate32to64 or OpKind.Immediate8to64 => i.GetImmediate(operand),
        _ => throw NotKnown(i),
    };

    private ulong Address(in Instruction i)
    {
        if (i.MemoryIndex != Register.None || i.SegmentPrefix != Register.None) throw NotKnown(i);
        return General(i.MemoryBase) + i.MemoryDisplacement64;
    }

    private ref ulong General(Register register) => ref _general[register.GetNumber()];

    private void Push(ulong value)
    {
        General(Register.RSP) -= 8;
        MemoryMarshal.Write(_memory.Write(General(Register.RSP), 8), value);
    }

    private ulong Pop()
    {
        ulong value = MemoryMarshal.Read<ulong>(_memory.Read(General(Register.RSP), 8));
        General(Register.RSP) += 8;
        return value;
    }

    private static NotSupportedException NotKnown(in Instruction i) => new($"the emulator doesn't know '{i}' ({i.Code})");
}
