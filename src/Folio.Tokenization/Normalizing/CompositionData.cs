using System.Globalization;

namespace Folio.Tokenization.Normalizing;

/// <summary>What canonical composition needs to know of each character, read once from the embedded table.</summary>
/// <remarks>.NET's own normalisation is the identity under InvariantGlobalization.</remarks>
internal sealed class CompositionData
{
    private readonly Dictionary<int, (int First, int Second)> _decompositions = [];     // Second is 0 for a single character
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];
    private readonly HashSet<int> _unsettled = [];

    private CompositionData(TextReader table)
    {
        while (table.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            string[] fields = line.Split(' ');
            int first = Hex(fields[1]);
            if (fields[0] == "R")
            {
                for (int c = first; c <= Hex(fields[2]); c++) (_classes[c], _) = (byte.Parse(fields[3]), _unsettled.Add(c));
                continue;
            }

            (int, int) parts = (Hex(fields[2]), fields.Length > 3 ? Hex(fields[3]) : 0);
            _decompositions[first] = parts;
            if (fields[0] == "D") _unsettled.Add(first);
            else
            {
                _compositions[parts] = first;
                _unsettled.Add(parts.Item2);
            }
        }
    }

    public static CompositionData Instance { get; } = Load();

    public bool TryDecompose(int codePoint, out (int First, int Second) parts) => _decompositions.TryGetValue(codePoint, out parts);

    public bool TryCompose(int first, int second, out int composed) => _compositions.TryGetValue((first, second), out composed);

    /// <summary>The canonical combining class: 0 for a character that begins a new sequence.</summary>
    public int ClassOf(int codePoint) => codePoint < 0x300 ? 0 : _classes.GetValueOrDefault(codePoint);

    /// <summary>True where a text with this character may not be composed yet (NFC_Quick_Check is not Yes).</summary>
    public bool MayChange(int codePoint) => codePoint >= 0x300 && (codePoint is (>= 0x1161 and <= 0x1175) or (>= 0x11A8 and <= 0x11C2) || _unsettled.Contains(codePoint));

    private static CompositionData Load()
    {
        using Stream stream = typeof(CompositionData).Assembly.GetManifestResourceStream("canonical-composition.txt")!;
        using var reader = new StreamReader(stream);
        return new CompositionData(reader);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier);
}
