namespace Folio.Grammars;

/// <summary>JSON's numbers, without limits.</summary>
internal sealed class JsonNumber(NodeTable table)
{
    public void Write(int from, int to)
    {
        int first = table.AddNode(), whole = table.AddNode(), end = table.AddNode(), point = table.AddNode(), fraction = table.AddNode();
        table.Bytes(from, '-', first);
        table.Join(from, first);
        table.Bytes(first, '0', end);
        Digits(first, '1', whole);
        Digits(whole, '0', whole);
        table.Join(whole, end);
        table.Bytes(end, '.', point);
        Digits(point, '0', fraction);
        Digits(fraction, '0', fraction);
        foreach (int node in (ReadOnlySpan<int>)[end, fraction])
        {
            table.Join(node, to);
            int exponent = table.AddNode(), sign = table.AddNode(), digits = table.AddNode();
            table.Bytes(node, 'e', exponent);
            table.Bytes(node, 'E', exponent);
            table.Join(exponent, sign);
            table.Bytes(exponent, '+', sign);
            table.Bytes(exponent, '-', sign);
            Digits(sign, '0', digits);
            Digits(digits, '0', digits);
            table.Join(digits, to);
        }
    }

    private void Digits(int from, char lowest, int to) => table.Bytes(from, (byte)lowest, (byte)'9', to);
}
