namespace Folio.Grammars;

/// <summary>The white space that may stand between JSON's tokens: nothing, one space, or a line's end and an indentation. Bounded, so that no model can go on with spaces for ever.</summary>
/// <param name="table">Where it is written.</param>
/// <param name="isFixed">No choice instead: one space behind commas and colons, as Python's json.dumps writes.</param>
internal sealed class JsonSpace(NodeTable table, bool isFixed)
{
    private const int DeepestIndentation = 20;

    private int _indentation = -1;

    /// <summary>Behind an opening mark, or before a comma or a closing one.</summary>
    public void Inside(int from, int to)
    {
        table.Join(from, to);
        if (!isFixed) SpaceOrLine(from, to);
    }

    /// <summary>Behind a comma or a colon.</summary>
    public void Behind(int from, int to)
    {
        if (isFixed) table.Bytes(from, ' ', to);
        else Inside(from, to);
    }

    private void SpaceOrLine(int from, int to)
    {
        table.Bytes(from, ' ', to);
        int line = table.AddNode();
        table.Bytes(from, '\n', line);
        table.Call(line, Indentation(), to);
    }

    private int Indentation()
    {
        if (_indentation >= 0) return _indentation;
        _indentation = table.AddRule("indentation");
        int node = table.Rules[_indentation].Start, end = table.Rules[_indentation].End;
        for (int i = 0; i < DeepestIndentation; i++)
        {
            table.Join(node, end);
            int next = table.AddNode();
            table.Bytes(node, ' ', next);
            table.Bytes(node, '\t', next);
            node = next;
        }

        table.Join(node, end);
        return _indentation;
    }
}
