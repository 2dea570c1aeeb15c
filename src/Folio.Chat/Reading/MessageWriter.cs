using System.Text;

namespace Folio.Chat;

/// <summary>Gathers what the readers have decided. White space at an end is held back: before a call, and after the last one, it belongs to the markup.</summary>
internal sealed class MessageWriter(ParserOptions options, Func<string> newId)
{
    private readonly HashSet<string> _tools = new((options.Tools ?? []).Select(tool => tool.Name), StringComparer.Ordinal);
    private readonly StringBuilder _piece = new(), _contentSpace = new(), _reasoningSpace = new();
    private List<MessageDelta> _deltas = [];
    private DeltaKind _kind;

    /// <summary>Calls begun so far, dropped ones too.</summary>
    public int Calls { get; private set; }

    /// <summary>The text that comes now is reasoning.</summary>
    public bool InReasoning { get; set; }

    public bool HasContent { get; private set; }

    public bool HasReasoning { get; private set; }

    /// <summary>Calls are looked for.</summary>
    public bool AllowsCalls => options.Tools is not null;

    /// <summary>Whether a call of this name is surely meant as one, so that it is told while it is being written.</summary>
    public bool IsOffered(string name) => options.IsForced || _tools.Contains(name);

    public void Content(ReadOnlySpan<char> text)
    {
        if (options.IsForced) return;
        HasContent |= Write(DeltaKind.Content, text, _contentSpace);
    }

    /// <summary>White space at the beginning and at the end of the reasoning is dropped.</summary>
    public void Reasoning(ReadOnlySpan<char> text) => HasReasoning |= Write(DeltaKind.Reasoning, HasReasoning ? text : text.TrimStart(), _reasoningSpace);

    /// <summary>A call begins; its arguments follow.</summary>
    /// <param name="id">The model's own id; null: it gave none.</param>
    public void Call(string name, string? id)
    {
        _contentSpace.Clear();
        Flush();
        if (Calls++ < options.MaxCalls) _deltas.Add(new(DeltaKind.Call, name, Calls - 1, id ?? newId()));
    }

    /// <summary>A piece of the latest call's arguments.</summary>
    public void Arguments(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || Calls > options.MaxCalls) return;
        Begin(DeltaKind.Arguments);
        _piece.Append(text);
    }

    public void End()
    {
        if (Calls > 0 || _contentSpace.Length == 0) return;
        Begin(DeltaKind.Content);
        _piece.Append(_contentSpace);
        _contentSpace.Clear();
    }

    /// <summary>What was decided since the last time.</summary>
    public IReadOnlyList<MessageDelta> Drain()
    {
        Flush();
        if (_deltas.Count == 0) return [];
        List<MessageDelta> drained = _deltas;
        _deltas = [];
        return drained;
    }

    /// <returns>Whether there was more than white space.</returns>
    private bool Write(DeltaKind kind, ReadOnlySpan<char> text, StringBuilder space)
    {
        ReadOnlySpan<char> body = text.TrimEnd();
        if (!body.IsEmpty)
        {
            Begin(kind);
            _piece.Append(space).Append(body);
            space.Clear();
        }

        space.Append(text[body.Length..]);
        return !body.IsEmpty;
    }

    private void Begin(DeltaKind kind)
    {
        if (_kind != kind) Flush();
        _kind = kind;
    }

    private void Flush()
    {
        if (_piece.Length == 0) return;
        _deltas.Add(new(_kind, _piece.ToString(), _kind == DeltaKind.Arguments ? Calls - 1 : -1));
        _piece.Clear();
    }
}
