namespace Folio.Compute.Cpu.Linear;

/// <summary>Reads the weights of some lanes of a panel one input after the other. Its fields are what a group's weights share: their scales.</summary>
internal unsafe interface IPanelDecoder<TSelf, TV> where TSelf : struct where TV : struct
{
    /// <summary>Inputs that share scales; a divisor of 32.</summary>
    static abstract int Group { get; }

    /// <summary>Groups of a block.</summary>
    static abstract int Groups { get; }

    /// <summary>Bytes of a block of a panel: a header, then the words of its groups.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Where a block's words begin.</summary>
    static abstract int WordsOffset { get; }

    /// <summary>Inputs in a word.</summary>
    static abstract int InputsPerWord { get; }

    /// <summary>Bytes of a group's words.</summary>
    static abstract int GroupBytes { get; }

    /// <summary>Reads a word of a group.</summary>
    /// <param name="words">The group's, of the first lane that is wanted.</param>
    static abstract TV Load(byte* words, int word);

    /// <summary>Reads the scales of a group for the lanes from <paramref name="lane"/> on.</summary>
    static abstract TSelf Open(byte* block, int group, int lane);

    /// <returns>The weights of the next input; shifts them out of the words.</returns>
    TV Next(ref TV words);
}
