namespace Folio.Compute.Cpu.Linear;

/// <summary>Reads the weights of some lanes of a panel one input after the other. Its fields are what a group's weights share: their scales.</summary>
internal unsafe interface IPanelDecoder<TSelf, TV> where TSelf : struct where TV : struct
{
    /// <summary>Inputs that share scales; a divisor of 32.</summary>
    static abstract int Group { get; }

    /// <summary>Inputs in a word.</summary>
    static abstract int InputsPerWord { get; }

    /// <summary>Bytes of a panel of so many inputs.</summary>
    static abstract long PanelBytes(int columns);

    /// <summary>The first word of a group.</summary>
    static abstract byte* Words(byte* panel, int group);

    /// <summary>Reads the scales of a group for the lanes from <paramref name="lane"/> on.</summary>
    static abstract TSelf Open(byte* panel, int group, int lane);

    /// <returns>The weights of the next input; shifts them out of the words.</returns>
    TV Next(ref TV words);
}
