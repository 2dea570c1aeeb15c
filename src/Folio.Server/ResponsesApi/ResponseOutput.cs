using System.Security.Cryptography;
using System.Text;
using Folio.Chat;

namespace Folio.Server;

/// <summary>A response's output while it is written: what the message gains becomes events, and the items that a whole response has are those that the events end with.</summary>
/// <remarks>What an item has gained is told when somebody asks (<see cref="Drain"/>), or when it ends: however seldom that is, the items are the same.</remarks>
/// <param name="obfuscates">Deltas carry noise.</param>
internal sealed class ResponseOutput(bool obfuscates)
{
    /// <summary>Characters of a delta and its noise together are a multiple of this.</summary>
    private const int NoiseStep = 16;

    private readonly List<ResponseItem> _items = [];
    private readonly StringBuilder _text = new(); // of the open item
    private readonly List<ChatTokenLogprob> _logprobs = [];
    private readonly ContentLogprobs _tokens = new();
    private int _toldText, _toldLogprobs; // so much of them is in events
    private List<ResponseEvent> _events = [], _drained = [];
    private ResponseItem? _open;
    private int _next; // event's number

    /// <summary>Those that are finished.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    /// <summary>Log-probabilities of tokens, before the deltas that came of them.</summary>
    /// <param name="length">Characters of the answer that came with them.</param>
    public void Add(IEnumerable<ChatTokenLogprob> logprobs, int length) => _tokens.Add(logprobs, length);

    public void Add(MessageDelta delta)
    {
        switch (delta.Kind)
        {
            case DeltaKind.Content:
                Require(ResponseItem.MessageType);
                _tokens.Take(delta.Start, delta.End, _logprobs);
                _text.Append(delta.Text);
                break;
            case DeltaKind.Reasoning:
                Require(ResponseItem.ReasoningType);
                _text.Append(delta.Text);
                break;
            case DeltaKind.Call:
                Close(ResponseStatus.Completed);
                Open(ResponseItem.Call(delta.Id!, delta.Text));
                break;
            default:
                _text.Append(delta.Text);
                break;
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="status">What the last item has become.</param>
    /// <param name="needsMessage">Where there is nothing at all, there is an empty message: clients look for its text.</param>
    public void End(string status, bool needsMessage)
    {
        if (needsMessage && _items.Count == 0 && _open is null) Open(ResponseItem.Message());
        Close(status);
    }

    /// <summary>What has happened since the last time; the list is good until the next.</summary>
    public IReadOnlyList<ResponseEvent> Drain()
    {
        TellGained();
        (_events, _drained) = (_drained, _events);
        _events.Clear();
        return _drained;
    }

    /// <summary>An event of the whole response. It is numbered behind those that were drained.</summary>
    public ResponseEvent Event(string name, ResponseObject response) => new(name) { SequenceNumber = _next++, Response = response };

    private void Require(string type)
    {
        if (_open?.Type == type) return;
        Close(ResponseStatus.Completed);
        Open(type == ResponseItem.MessageType ? ResponseItem.Message() : ResponseItem.Reasoning());
    }

    private void Open(ResponseItem item)
    {
        _open = item;
        _text.Clear();
        _logprobs.Clear();
        (_toldText, _toldLogprobs) = (0, 0);
        _events.Add(new("response.output_item.added") { SequenceNumber = _next++, OutputIndex = _items.Count, Item = item });
        if (item.Content is not null) _events.Add(new("response.content_part.added") { SequenceNumber = _next++, ItemId = item.Id, OutputIndex = _items.Count, ContentIndex = 0, Part = PartOf(item, "", []) });
    }

    private void TellGained()
    {
        if (_open is not { } item || _text.Length == _toldText) return;
        string text = _text.ToString(_toldText, _text.Length - _toldText);
        bool isMessage = item.Type == ResponseItem.MessageType;
        _events.Add(new(isMessage ? "response.output_text.delta" : item.Type == ResponseItem.ReasoningType ? "response.reasoning_text.delta" : "response.function_call_arguments.delta")
        {
            SequenceNumber = _next++,
            ItemId = item.Id,
            OutputIndex = _items.Count,
            ContentIndex = item.Content is null ? null : 0,
            Delta = text,
            Logprobs = isMessage ? _logprobs.GetRange(_toldLogprobs, _logprobs.Count - _toldLogprobs) : null,
            Obfuscation = obfuscates ? Noise(text.Length) : null,
        });
        (_toldText, _toldLogprobs) = (_text.Length, _logprobs.Count);
    }

    private void Close(string status)
    {
        if (_open is not { } item) return;
        TellGained();
        string text = _text.ToString();
        int index = _items.Count;
        if (item.Content is null)
        {
            item = item with { Status = status, Arguments = text };
            _events.Add(new("response.function_call_arguments.done") { SequenceNumber = _next++, ItemId = item.Id, OutputIndex = index, Name = item.Name, Arguments = text });
        }
        else
        {
            ChatTokenLogprob[] logprobs = [.. _logprobs];
            ResponsePart part = PartOf(item, text, logprobs);
            bool isMessage = item.Type == ResponseItem.MessageType;
            _events.Add(new(isMessage ? "response.output_text.done" : "response.reasoning_text.done") { SequenceNumber = _next++, ItemId = item.Id, OutputIndex = index, ContentIndex = 0, Text = text, Logprobs = isMessage ? logprobs : null });
            _events.Add(new("response.content_part.done") { SequenceNumber = _next++, ItemId = item.Id, OutputIndex = index, ContentIndex = 0, Part = part });
            item = item with { Status = status, Content = [part] };
        }

        _events.Add(new("response.output_item.done") { SequenceNumber = _next++, OutputIndex = index, Item = item });
        _items.Add(item);
        _open = null;
    }

    private static ResponsePart PartOf(ResponseItem item, string text, IReadOnlyList<ChatTokenLogprob> logprobs) =>
        item.Type == ResponseItem.MessageType ? ResponsePart.Output(text, logprobs) : ResponsePart.Reasoning(text);

    private static string Noise(int length) => RandomNumberGenerator.GetHexString(NoiseStep - (length % NoiseStep), lowercase: true);
}
